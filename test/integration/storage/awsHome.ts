import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credential } from '../../servers/s3Server.ts';

/** What a user's machine has. */
export interface AwsSetup {
  /** Keys in the environment. */
  readonly keys?: Credential;
  /** Text of ~/.aws/config. */
  readonly config?: string;
  /** Text of ~/.aws/credentials. */
  readonly credentials?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Gives this process the AWS environment and files of a made-up user, and nothing of the real one's: the SDK's
 * credential chain reads them by itself.
 */
export class AwsHome {
  #saved: Record<string, string | undefined> = {};
  #folder: string | undefined;

  async enter(setup: AwsSetup): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-aws-'));
    this.#folder = folder;
    this.#saved = { ...process.env };
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    await writeFile(join(folder, 'config'), setup.config ?? '');
    await writeFile(join(folder, 'credentials'), setup.credentials ?? '');
    Object.assign(process.env, {
      HOME: folder,
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
      ...(setup.keys ? { AWS_ACCESS_KEY_ID: setup.keys.accessKeyId, AWS_SECRET_ACCESS_KEY: setup.keys.secretAccessKey } : {}),
      ...(setup.keys?.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: setup.keys.sessionToken }),
      ...setup.environment,
    });
  }

  /** Replaces the text of ~/.aws/credentials, as a sign-in does. */
  async renew(credentials: string): Promise<void> {
    if (this.#folder === undefined) throw new Error('Not entered');
    await writeFile(join(this.#folder, 'credentials'), credentials);
  }

  async leave(): Promise<void> {
    for (const name of Object.keys(process.env)) if (!(name in this.#saved)) delete process.env[name];
    Object.assign(process.env, this.#saved);
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}
