import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';

/** How a bucket is reached, as the questions of Add Dataset have it. */
export interface ReachAnswers {
  readonly reach: 'usual' | 'profile' | 'anonymous' | 'custom';
  readonly profile: string;
  readonly endpoint: string;
  readonly region: string;
  readonly anonymous: boolean;
  readonly requesterPays: boolean;
}

/** The storage choice that answers mean. Only what belongs to the chosen way counts. */
export function storageOf(answers: Partial<ReachAnswers>): StorageChoice {
  const { reach, profile = '', endpoint = '', region = '' } = answers;
  if (reach === 'anonymous') return { anonymous: true };
  if (reach === 'profile') return profile === '' ? {} : { awsProfile: profile };
  if (reach !== 'custom') return {};
  return {
    ...(endpoint === '' ? {} : { s3Endpoint: endpoint }),
    ...(region === '' ? {} : { s3Region: region }),
    ...(answers.anonymous === true ? { anonymous: true } : profile === '' ? {} : { awsProfile: profile }),
    ...(answers.requesterPays === true && answers.anonymous !== true ? { requesterPays: true } : {}),
  };
}

/** The answers that make a storage choice, to begin from when it is changed. */
export function answersOf(storage: StorageChoice): Partial<ReachAnswers> {
  const custom = storage.s3Endpoint !== undefined || storage.s3Region !== undefined || storage.requesterPays === true;
  return {
    reach: custom ? 'custom' : storage.anonymous === true ? 'anonymous' : storage.awsProfile !== undefined ? 'profile' : 'usual',
    profile: storage.awsProfile ?? '',
    endpoint: storage.s3Endpoint ?? '',
    region: storage.s3Region ?? '',
    anonymous: storage.anonymous === true,
    requesterPays: storage.requesterPays === true,
  };
}

/** Why an address cannot be that of a storage service; undefined: it can. */
export function endpointProblem(text: string): string | undefined {
  if (text === '') return undefined;
  return /^https?:\/\/[^@\s]+$/i.test(text) ? undefined : 'Write the address of the service without user name or password, as in http://127.0.0.1:9000.';
}
