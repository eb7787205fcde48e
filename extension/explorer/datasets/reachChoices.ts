import type { AwsProfile, CredentialChoices, GoogleCredentialsFile } from '../../../runner/protocol/credentials.ts';
import type { Choice } from '../../forms/pickers.ts';
import type { ReachAnswers, Service } from './reach.ts';

/** What a row of the question means: answers, or further questions. */
export type ReachPick =
  | { readonly kind: 'answers'; readonly answers: Partial<ReachAnswers> }
  /** The name of a profile, or the path of a file, is asked for. */
  | { readonly kind: 'name' }
  | { readonly kind: 'more' };

/**
 * The ways to a bucket. `found`: what the machine has; undefined: it could not be asked. `more`: whether the row with
 * other services, regions and payers is among them.
 */
export function reachChoices(service: Service, found: CredentialChoices | undefined, answers: Partial<ReachAnswers>, more: boolean): readonly Choice<ReachPick>[] {
  const chosen = more && answers.more === true ? undefined : answers.way;
  const pick = (own: Partial<ReachAnswers>): ReachPick => ({ kind: 'answers', answers: { ...own, ...(more ? { more: false } : {}) } });
  const usual: Choice<ReachPick> = {
    label: '$(key) My usual credentials', detail: found === undefined ? undefined : usualWords(service, found), value: pick({ way: 'usual' }), picked: chosen === 'usual',
  };
  const anonymous: Choice<ReachPick> = { label: '$(globe) Without credentials', description: 'public buckets', value: pick({ way: 'anonymous' }), picked: chosen === 'anonymous' };
  return [
    usual,
    ...(service === 's3' ? profileRows(found?.aws.profiles ?? [], answers, chosen === 'profile', pick) : []),
    ...(service === 'gs' ? fileRows(found?.google.applicationDefault, answers, chosen === 'file', pick) : []),
    ...(service === 's3' ? [{ label: '' }] : []),
    anonymous,
    ...(more ? [{ label: `$(settings-gear) ${moreLabels[service]}`, description: moreWords[service], value: { kind: 'more' } as const, picked: answers.more === true }] : []),
  ];
}

const moreLabels: Readonly<Record<Service, string>> = {
  s3: 'Another service, region, or requester pays…', gs: 'Requester pays, or another service…', az: 'Another address of the service…',
};
const moreWords: Readonly<Record<Service, string>> = { s3: 'MinIO, Ceph and others', gs: 'a project that is billed', az: 'private links, Azurite' };

function profileRows(profiles: readonly AwsProfile[], answers: Partial<ReachAnswers>, isChosen: boolean, pick: (own: Partial<ReachAnswers>) => ReachPick): readonly Choice<ReachPick>[] {
  const name = answers.profile ?? '';
  const isListed = profiles.some((profile) => profile.name === name);
  return [
    { label: 'AWS profiles' },
    ...profiles.map((profile): Choice<ReachPick> => ({
      label: `$(${profile.kind === 'none' ? 'warning' : 'account'}) ${profile.name}`, description: profileWords(profile),
      value: pick({ way: 'profile', profile: profile.name }), picked: isChosen && profile.name === name,
    })),
    { label: '$(edit) Another profile…', description: isListed || name === '' ? (profiles.length === 0 ? 'none found in ~/.aws' : undefined) : name, value: { kind: 'name' }, picked: isChosen && !isListed },
  ];
}

/** `SSO, account 123456789012, role Analyst · eu-central-1`. */
export function profileWords({ description, region, endpoint }: AwsProfile): string {
  return [description, region, endpoint].filter((part) => part !== undefined && part !== '').join(' · ');
}

function fileRows(known: GoogleCredentialsFile | undefined, answers: Partial<ReachAnswers>, isChosen: boolean, pick: (own: Partial<ReachAnswers>) => ReachPick): readonly Choice<ReachPick>[] {
  const path = answers.credentialsFile ?? '';
  return [
    ...(path === '' || path === known?.path ? [] : [{ label: '$(file) The key file chosen before', description: path, value: pick({ way: 'file', credentialsFile: path }), picked: isChosen }]),
    { label: '$(file-code) A service account\'s key file…', description: 'JSON, as downloaded from Google Cloud', value: { kind: 'name' }, picked: isChosen && path === '' },
  ];
}

/** What the usual credentials are on this machine, as far as files and variables tell. */
export function usualWords(service: Service, { aws, google, azure }: CredentialChoices): string {
  switch (service) {
    case 's3': {
      if (aws.variables.length > 0) return `From the environment (${aws.variables[0]})`;
      const name = aws.chosen ?? 'default';
      const profile = aws.profiles.find((each) => each.name === name);
      if (profile !== undefined && profile.kind !== 'none') return `Profile ${name}: ${profileWords(profile)}`;
      return aws.chosen === undefined ? 'None found in the environment or ~/.aws; a role of this machine is used if it has one' : `AWS_PROFILE names ${aws.chosen}, which ${profile === undefined ? 'does not exist' : 'has no keys'}`;
    }
    case 'gs': return googleWords(google.applicationDefault);
    case 'az': {
      if (azure.variables.length > 0) return `From the environment (${azure.variables[0]})`;
      const subscription = azure.subscriptions.find(({ isDefault }) => isDefault) ?? azure.subscriptions[0];
      return subscription === undefined
        ? 'None found in the environment or of az login; an identity of this machine is used if it has one'
        : `Signed in by az login${subscription.user === undefined ? '' : ` as ${subscription.user}`}`;
    }
  }
}

function googleWords(file: GoogleCredentialsFile | undefined): string {
  if (file === undefined) return 'No application default credentials found; a service account of this machine is used if it has one';
  const from = file.variable === undefined ? '' : ` (${file.variable})`;
  switch (file.kind) {
    case 'user': return `Signed in by gcloud${from}`;
    case 'service-account': return `Service account ${file.account ?? ''}${from}`;
    case 'impersonated': return `Impersonates ${file.account ?? 'a service account'}${from}`;
    case 'external': return `Workload identity${from}`;
    case 'unreadable': return `Cannot be read: ${file.path}${from}`;
  }
}
