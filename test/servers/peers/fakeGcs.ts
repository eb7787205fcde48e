import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { answersHttp, attach, freePort } from './attachedProcess.ts';
import type { AttachedProcess } from './attachedProcess.ts';

/** The server. Close it with `close()`. */
export interface FakeGcs {
  /** Where it speaks Google's JSON API. */
  readonly endpoint: string;
  close(): Promise<void>;
}

const install = 'go install github.com/fsouza/fake-gcs-server@latest';

/** The program, where FAKE_GCS_SERVER says it is, in PATH, or where `go install` puts it. */
function programFile(): string | undefined {
  const go = spawnSync('go', ['env', 'GOPATH'], { encoding: 'utf8' });
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...(go.error === undefined ? [join(go.stdout.trim(), 'bin')] : [])];
  const named = process.env['FAKE_GCS_SERVER'];
  return named ?? folders.map((folder) => join(folder, 'fake-gcs-server')).find((file) => existsSync(file));
}

/** The release of fake-gcs-server on this machine, which only Go can read out of the program; or what is missing. */
export function findFakeGcs(): { readonly version: string } | { readonly missing: string } {
  const program = programFile();
  if (program === undefined) return { missing: `there is no fake-gcs-server (${install})` };
  const about = spawnSync('go', ['version', '-m', program], { encoding: 'utf8' });
  if (about.error !== undefined) return { missing: 'there is no go in PATH, which tells the version of fake-gcs-server' };
  const version = /^\s*mod\s+github\.com\/fsouza\/fake-gcs-server\s+v?(\S+)/m.exec(about.stdout)?.[1];
  return version === undefined ? { missing: `${program} is no fake-gcs-server (${install})` } : { version };
}

/** Starts it with everything in memory on a free port of the loopback interface. It ends with this process. */
export async function startFakeGcs(): Promise<FakeGcs> {
  const port = await freePort();
  const server: AttachedProcess = attach(programFile() ?? 'fake-gcs-server', ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory', '-log-level', 'error']);
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await server.until(() => answersHttp(endpoint));
  } catch (error) {
    await server.close();
    throw error;
  }
  return { endpoint, close: () => server.close() };
}
