import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Variables of the providers' tools, which would bring the real user's credentials into a test. */
const foreign = /^(AWS|AZURE|GOOGLE|GCLOUD|CLOUDSDK|GCE|GCP|STORAGE|MSI|IDENTITY)_|_proxy$/i;

/** The home folder and the environment of a made-up user, with nothing of the real one's. */
export class UserHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'spimquant-home-'));

  /** Writes files, by their paths below the home folder. */
  write(files: Readonly<Record<string, string | object>>): void {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** The environment of a process of this user. Machines of a cloud are not asked for credentials. */
  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    const own = Object.entries(process.env).filter(([name, value]) => value !== undefined && !foreign.test(name)) as [string, string][];
    return { ...Object.fromEntries(own), HOME: this.folder, USERPROFILE: this.folder, APPDATA: join(this.folder, 'AppData'), AWS_EC2_METADATA_DISABLED: 'true', METADATA_SERVER_DETECTION: 'none', AZURE_TOKEN_CREDENTIALS: 'dev', ...more };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
