import type { Environment } from '../../protocol/callerEnvironment.ts';
import { variable } from '../environment.ts';
import type { StorageOptions } from '../objectStore.ts';
import type { GcsCredentials } from './gcsCredentials.ts';
import { gcloudConfigurations } from './gcloudFiles.ts';

/**
 * The project whose buckets are listed: the one asked for, or named by the environment, the credentials, gcloud, or the
 * machine. Undefined when none is known.
 */
export async function projectOf(options: StorageOptions, env: Environment, credentials: GcsCredentials | undefined): Promise<string | undefined> {
  const named = options.gcsProject ?? variable(env, 'GOOGLE_CLOUD_PROJECT') ?? variable(env, 'GCLOUD_PROJECT') ?? credentials?.file?.project
    ?? (await gcloudConfigurations(env)).find(({ active }) => active)?.project;
  if (named !== undefined || credentials?.origin !== 'machine') return named;
  const { gcpMetadata } = await import('./googleAuth.ts');
  return gcpMetadata.project('project-id').then(String, () => undefined);
}
