import type { CredentialChoices } from '../../../runner/protocol/credentials.ts';
import type { Services } from '../../services.ts';
import { isBucket } from '../../forms/paths.ts';
import { askText, moveWith, pickOne } from '../../forms/pickers.ts';
import { pickPath } from '../../forms/pickPath.ts';
import type { Move, Place, Step } from '../../forms/walk.ts';
import { baseName } from './datasetNodes.ts';
import { endpointProblem, endpointWarning, projectProblem, regionProblem, serviceNames, serviceOf } from './reach.ts';
import type { ReachAnswers, Service } from './reach.ts';
import { reachChoices } from './reachChoices.ts';
import type { ReachPick } from './reachChoices.ts';

/** An address, and how it is reached. */
export interface ReachForm extends ReachAnswers {
  readonly uri: string;
}

const endpointExamples: Readonly<Record<Service, string>> = { s3: 'http://127.0.0.1:9000', gs: 'http://127.0.0.1:4443', az: 'http://127.0.0.1:10000/devstoreaccount1' };

/** The questions how a bucket is reached. A form has them after the one for the address. */
export function reachSteps(services: Services, title: string): readonly Step<ReachForm>[] {
  // Asked once a form, when it is first needed. Not to know what the machine has is no hindrance.
  let found: Promise<CredentialChoices | undefined> | undefined;
  const credentials = (): Promise<CredentialChoices | undefined> => (found ??= services.runner.request('credentials.choices', {}).catch(() => undefined));
  const service = (answers: Partial<ReachForm>): Service => serviceOf(answers.uri ?? '') ?? 's3';
  const bucket = (answers: Partial<ReachForm>): boolean => isBucket(answers.uri ?? '');
  const more = (answers: Partial<ReachForm>): boolean => bucket(answers) && answers.more === true;

  const whose = async (answers: Partial<ReachForm>, place: Place, withMore: boolean): Promise<Move<ReachForm>> => {
    const kind = service(answers);
    const picked = await pickOne<ReachPick>({
      title, place, placeholder: withMore ? `How is ${answers.uri ?? ''} reached?` : 'With whose credentials?',
      choices: async () => reachChoices(kind, await credentials(), answers, withMore),
    });
    if (picked.kind !== 'picked') return { kind: picked.kind };
    switch (picked.value.kind) {
      case 'answers': return { kind: 'next', answers: { named: false, ...picked.value.answers } };
      case 'more': return { kind: 'next', answers: { more: true, named: false } };
      case 'name': return { kind: 'next', answers: { way: kind === 's3' ? 'profile' : 'file', named: true, ...(withMore ? { more: false } : {}) } };
    }
  };

  return [
    { name: 'reach', needed: bucket, ask: (answers, place) => whose(answers, place, true) },
    {
      name: 'endpoint', needed: more,
      ask: async (answers, place) => moveWith<ReachForm, 'endpoint'>('endpoint', await askText({
        title, place, value: answers.endpoint, placeholder: endpointExamples[service(answers)], check: endpointProblem, warn: endpointWarning,
        prompt: `Address of the service. Empty: ${serviceNames[service(answers)]} itself${service(answers) === 's3' ? ', or what the profile says' : ''}.`,
      })),
    },
    {
      name: 'region', needed: (answers) => more(answers) && service(answers) === 's3',
      ask: async (answers, place) => moveWith<ReachForm, 'region'>('region', await askText({
        title, place, value: answers.region, placeholder: 'eu-central-1', check: regionProblem, prompt: 'Region of the bucket. Empty: it is found out.',
      })),
    },
    {
      name: 'pays', needed: (answers) => more(answers) && service(answers) !== 'az',
      ask: async (answers, place) => moveWith<ReachForm, 'requesterPays'>('requesterPays', await pickOne<boolean>({
        title, place, placeholder: 'Who pays for requests and transfer?',
        choices: [
          { label: '$(organization) The owner of the bucket', description: 'as usual', value: false, picked: answers.requesterPays !== true },
          { label: '$(credit-card) I do (requester pays)', description: service(answers) === 'gs' ? 'a project of mine is billed' : 'needs credentials', value: true, picked: answers.requesterPays === true },
        ],
      })),
    },
    {
      name: 'project', needed: (answers) => more(answers) && service(answers) === 'gs' && answers.requesterPays === true,
      async ask(answers, place) {
        const google = (await credentials())?.google;
        const active = google?.configurations.find((configuration) => configuration.active)?.project ?? google?.applicationDefault?.project;
        return moveWith<ReachForm, 'project'>('project', await askText({
          title, place, value: answers.project === undefined || answers.project === '' ? active : answers.project, placeholder: 'lab-project-123', check: projectProblem, prompt: 'Id of the project that is billed for requests and transfer.',
        }));
      },
    },
    { name: 'credentials', needed: more, ask: (answers, place) => whose(answers, place, false) },
    {
      name: 'profile', needed: (answers) => bucket(answers) && service(answers) === 's3' && answers.way === 'profile' && answers.named === true,
      ask: async (answers, place) => moveWith<ReachForm, 'profile'>('profile', await askText({
        title, place, value: answers.profile, placeholder: 'lab', prompt: 'Name of a profile in ~/.aws.', check: (text) => (text === '' ? 'Write the name of a profile.' : undefined),
      })),
    },
    {
      name: 'file', needed: (answers) => bucket(answers) && service(answers) === 'gs' && answers.way === 'file' && answers.named === true,
      async ask(answers, place) {
        const known = (await credentials())?.google.applicationDefault;
        const given = known === undefined || known.kind === 'unreadable' ? [] : [{ label: `$(file-code) ${baseName(known.path)}`, description: known.path, value: known.path }];
        return moveWith<ReachForm, 'credentialsFile'>('credentialsFile', await pickPath(services, {
          title, place, verb: 'Use', value: answers.credentialsFile, placeholder: 'Path of the key file, on the machine that reads the data', given, files: true,
          check: (text) => (isBucket(text) ? 'The key file lies in a folder of this machine.' : undefined),
        }));
      },
    },
  ];
}
