import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';

/** Keys of a session, which can run out. */
export interface Session { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string; expired: boolean }

const session = (name: string): Session => ({ accessKeyId: `AKID${name}`, secretAccessKey: `secret/${name}`, sessionToken: `TOKEN-${name}`, expired: false });

/** An S3 service that knows two sessions, and a home folder whose file of credentials holds the first until somebody signs in. */
export class ExpiringSession {
  readonly first = session('ONE');
  readonly second = session('TWO');
  readonly credentials: string;
  /** What a program needs to find the file, and nothing of the real user's. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #profile: string;
  #server: S3Server | undefined;

  /** @param folder becomes the bucket `lab`, and the home if there is no other */
  constructor(folder: string, home: string = folder, profile = 'default') {
    this.#folder = folder;
    this.#profile = profile;
    mkdirSync(join(home, '.aws'), { recursive: true });
    this.credentials = join(home, '.aws', 'credentials');
    this.env = {
      ...Object.fromEntries(Object.keys(process.env).filter((name) => /^(AWS_|CI$)/.test(name)).map((name) => [name, ''])),
      HOME: home, AWS_SHARED_CREDENTIALS_FILE: this.credentials, AWS_CONFIG_FILE: join(home, '.aws', 'config'), AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true',
    };
    this.signIn(this.first);
  }

  get server(): S3Server {
    if (this.#server === undefined) throw new Error('The service was not started.');
    return this.#server;
  }

  async serve(port = 0): Promise<void> {
    this.#server = await startS3Server({ port, credentials: [this.first, this.second], buckets: { lab: { folder: this.#folder } } });
  }

  /** What signing in writes. */
  signIn({ accessKeyId, secretAccessKey, sessionToken }: Session): void {
    writeFileSync(this.credentials, `[${this.#profile}]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\naws_session_token=${sessionToken}\n`);
  }

  async end(): Promise<void> {
    await this.#server?.close().catch(() => undefined);
  }
}
