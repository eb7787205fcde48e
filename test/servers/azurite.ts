import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BlobServiceClient, ContainerSASPermissions, generateBlobSASQueryParameters, SASProtocol, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { setTimeout as wait } from 'node:timers/promises';

export interface AzuriteOptions {
  /** Names of the storage accounts there are; each has a key of its own, made anew. Default: `lab`. */
  readonly accounts?: readonly string[];
  /** Certificate and key as PEM: then it speaks https, and takes tokens of Microsoft Entra ID (whose signature it does not check). */
  readonly https?: { readonly cert: string; readonly key: string };
}

/** Ends the service, and removes its folder, when the process that started it is gone, however that ended. */
const watch = `data:text/javascript,${encodeURIComponent('import { rmSync } from "node:fs"; process.on("disconnect", () => { rmSync(process.env.AZURITE_FOLDER, { recursive: true, force: true }); process.exit(0); });')}`;
const startMs = 60_000;
const endMs = 5_000;

/** Azurite, Microsoft's emulator of Azure Blob Storage, in a process of its own. Use {@link startAzurite}. */
export class Azurite {
  /** Of the service; accounts are the first part of the path. */
  readonly origin: string;
  readonly #child: ChildProcess;
  /** Where it keeps everything. */
  readonly folder: string;
  readonly #keys: ReadonlyMap<string, string>;
  readonly #agent: Agent;
  readonly #sas = new Map<string, string>();

  constructor(origin: string, child: ChildProcess, folder: string, keys: ReadonlyMap<string, string>) {
    this.origin = origin;
    this.#child = child;
    this.folder = folder;
    this.#keys = keys;
    this.#agent = new (origin.startsWith('https:') ? SecureAgent : Agent)({ keepAlive: true, maxSockets: 16 });
  }

  endpoint(account: string = 'lab'): string {
    return `${this.origin}/${account}`;
  }

  key(account: string = 'lab'): string {
    const key = this.#keys.get(account);
    if (key === undefined) throw new Error(`Azurite has no account ${account}`);
    return key;
  }

  /** A client of the account's owner, which tries nothing twice. */
  container(name: string, account: string = 'lab'): ContainerClient {
    const owner = new StorageSharedKeyCredential(account, this.key(account));
    return new BlobServiceClient(this.endpoint(account), owner, { retryOptions: { maxTries: 1 } }).getContainerClient(name);
  }

  /** Puts a blob, also one that the SDK could not name (it follows `..`). */
  async put(container: string, key: string, content: Uint8Array | string, account: string = 'lab'): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const path = `/${account}/${container}/${key.split('/').map(encodeURIComponent).join('/')}?${this.#writeSas(container, account)}`;
    const { hostname, port } = new URL(this.origin);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = (this.#agent instanceof SecureAgent ? secureRequest : request)({ hostname, port, path, method: 'PUT', agent: this.#agent, headers: { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': '2025-11-05', 'content-length': bytes.length } }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode)).once('error', reject);
      });
      sent.once('error', reject).end(bytes);
    });
    if (status !== 201) throw new Error(`Azurite answered ${status ?? 'nothing'} to the blob ${key}`);
  }

  #writeSas(container: string, account: string): string {
    const name = `${account}/${container}`;
    const known = this.#sas.get(name) ?? this.sas(container, 'cw', 3_600_000, account);
    this.#sas.set(name, known);
    return known;
  }

  /** A shared access signature for a container with rights (`rl`: read and list), which ends after so many milliseconds. */
  sas(container: string, rights: string, lifeMs: number = 600_000, account: string = 'lab'): string {
    const permissions = ContainerSASPermissions.parse(rights);
    return generateBlobSASQueryParameters(
      { containerName: container, permissions, startsOn: new Date(Date.now() - 86_400_000), expiresOn: new Date(Date.now() + lifeMs), protocol: SASProtocol.HttpsAndHttp },
      new StorageSharedKeyCredential(account, this.key(account)),
    ).toString();
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await end(this.#child);
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.disconnect();
  const given = new AbortController();
  await Promise.race([ended, wait(endMs, undefined, { signal: given.signal }).catch(() => undefined)]);
  given.abort();
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Starts Azurite on a free port of the loopback interface. Close it with `close()`, or declare it with `await using`. */
export async function startAzurite({ accounts = ['lab'], https }: AzuriteOptions = {}): Promise<Azurite> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-azurite-'));
  const keys = new Map(accounts.map((name) => [name, randomBytes(64).toString('base64')] as const));
  const main = join(dirname(createRequire(import.meta.url).resolve('azurite/package.json')), 'dist/src/blob/main.js');
  const options = ['--silent', '--skipApiVersionCheck', '--disableTelemetry', '--disableProductStyleUrl', '--inMemoryPersistence', '--blobHost', '127.0.0.1', '--blobPort', '0', '--blobKeepAliveTimeout', '30'];
  if (https !== undefined) {
    await writeFile(join(folder, 'cert.pem'), https.cert);
    await writeFile(join(folder, 'key.pem'), https.key, { mode: 0o600 });
    options.push('--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem'), '--oauth', 'basic');
  }
  const child = spawn(process.execPath, ['--import', watch, main, ...options], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '', AZURITE_FOLDER: folder, AZURITE_ACCOUNTS: [...keys].map(([name, key]) => `${name}:${key}`).join(';') },
  });
  try {
    return new Azurite(await listening(child), child, folder, keys);
  } catch (error) {
    await end(child);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The origin, once the service says that it listens. */
async function listening(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`Azurite ${why}: ${said}`));
    const timer = setTimeout(() => fail('does not start'), startMs);
    const hear = (text: Buffer): void => {
      said += text.toString();
      const found = /successfully listens on (https?:\/\/[^\s/]+)/.exec(said);
      if (found === null) return;
      clearTimeout(timer);
      resolve(found[1]);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended (${code ?? 'by a signal'})`);
    });
  });
}
