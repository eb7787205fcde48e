import type { SpimquantError } from '../../protocol/errors.ts';
import { Connection, defaultConcurrency, usualSurroundings } from '../connection.ts';
import type { Service, Surroundings } from '../connection.ts';
import type { StorageOptions } from '../objectStore.ts';
import { findCredentials } from './gcsCredentials.ts';
import type { OpenCredentials } from './gcsCredentials.ts';
import { gcloudConfigurations } from './gcloudFiles.ts';
import { GcsClient } from './gcsClient.ts';
import { gcsError, gcsFault, isAboutCredentials, isExpired } from './gcsErrors.ts';
import type { GcsFault } from './gcsErrors.ts';
import { checkTokenSafety, gcsEndpoint, payingProject } from './gcsSettings.ts';
import type { GcsSettings } from './gcsSettings.ts';

/** A client with what it was made of. */
export interface GcsSession {
  readonly client: GcsClient;
  readonly settings: GcsSettings;
}

/** The way to one bucket at Google Cloud Storage or a service that speaks its JSON API. */
export class GcsConnection extends Connection<GcsSession, GcsFault> {
  readonly bucket: string;

  constructor(bucket: string, options: StorageOptions, surroundings: Partial<Surroundings> = {}) {
    const around = { ...usualSurroundings, ...surroundings };
    const sockets = options.concurrency ?? defaultConcurrency;
    const service: Service<GcsSession, GcsFault> = {
      open: async () => {
        const { settings, opened } = await loadGcsSettings(options);
        return { client: new GcsClient(settings, opened?.client, sockets, around.timeouts, process.env), settings };
      },
      fault: gcsFault,
      isAboutCredentials,
      isExpired,
      explain: (fault: GcsFault, { doing, where, session }): SpimquantError => gcsError(fault, { bucket, doing, where, settings: session?.settings }),
    };
    super(service, sockets, around);
    this.bucket = bucket;
  }
}

/** The settings that hold for these options on this machine, with files read anew. Throws as `findCredentials`, `gcsEndpoint` and `payingProject`. */
export async function loadGcsSettings(options: StorageOptions): Promise<{ readonly settings: GcsSettings; readonly opened: OpenCredentials | undefined }> {
  const env = process.env;
  const anonymous = options.anonymous === true;
  const { isEmulator } = gcsEndpoint(options, env);
  const none = anonymous || (isEmulator && options.gcsCredentials === undefined);
  const opened = none ? undefined : await findCredentials(options, env);
  const { address, isGoogle } = gcsEndpoint(options, env, opened?.credentials.universe);
  if (opened !== undefined) checkTokenSafety(address);
  const requesterPays = options.requesterPays === true;
  const configured = requesterPays ? (await gcloudConfigurations(env)).find(({ active }) => active)?.project : undefined;
  const payer = requesterPays ? payingProject(options, env, opened?.credentials, configured) : undefined;
  return { settings: { endpoint: address, isGoogle, anonymous, requesterPays, payer, credentials: opened?.credentials }, opened };
}
