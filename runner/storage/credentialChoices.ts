import type { CredentialChoices } from '../protocol/credentials.ts';
import { azureChoices } from './azure/azureFiles.ts';
import type { Environment } from '../protocol/callerEnvironment.ts';
import { googleChoices } from './gcs/gcloudFiles.ts';
import { awsChoices } from './s3/awsProfiles.ts';

/** What this machine offers for signing in, from files and variables alone: no service is asked. Never throws. */
export async function credentialChoices(env: Environment): Promise<CredentialChoices> {
  const [aws, google, azure] = await Promise.all([awsChoices(env), googleChoices(env), azureChoices(env)]);
  return { aws, google, azure };
}
