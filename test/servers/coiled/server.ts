import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FaultList } from '../faults.ts';
import type { Fault, FaultRule } from '../faults.ts';
import { ScaledClock } from './clock.ts';
import type { StandInClock } from './clock.ts';
import { CoiledFailure } from './failure.ts';
import { failCluster, interruptVm } from './life.ts';
import { answerOf } from './routes.ts';
import { reshape } from './show.ts';
import type { ContainerRecipe, StartedTask, TaskProcessOptions } from './taskProcess.ts';
import { World } from './world.ts';
import type { Behaviour, StandInCluster, Vm, WorkspaceOptions } from './world.ts';

export interface CoiledServerOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Tokens that count, with their users. Default: {@link defaultToken} alone. */
  readonly tokens?: Readonly<Record<string, string>>;
  /** Default: one on AWS, `lab`. */
  readonly workspaces?: readonly WorkspaceOptions[];
  /** What images are on this machine; one that is not named here has nothing but what is in /usr/bin. */
  readonly containers?: Readonly<Record<string, ContainerRecipe>>;
  /** Default: time that passes sixty times as fast. */
  readonly clock?: StandInClock;
  readonly behaviour?: Partial<Behaviour>;
  /** Begins a task on a VM; a process of this machine when left out. */
  readonly begin?: (options: TaskProcessOptions) => StartedTask;
}

/** A request that reached the stand-in. Authorization is told by its scheme alone. */
export interface CoiledRequestLog {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly scheme: string;
  readonly contentType: string | undefined;
  readonly compressed: boolean;
  readonly body: unknown;
  /** Of the answer; 0 while there is none, or when it was lost. */
  status: number;
}

/** What was submitted. */
export interface Submitted {
  readonly name: string;
  readonly cluster: number;
  readonly jobs: readonly number[];
}

export const defaultToken = 'stand-in-token-0001';

/** A stand-in for Coiled on the loopback interface. Tasks that are submitted run for real, as processes of this machine. */
export class CoiledServer {
  readonly address: string;
  /** Oldest first, faults and refusals included. */
  readonly requests: CoiledRequestLog[] = [];
  readonly world: World;
  readonly #server: Server;
  readonly #faults = new FaultList<CoiledRequestLog>();

  /** Use {@link startCoiledServer}. */
  constructor(server: Server, options: CoiledServerOptions) {
    this.#server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.world = new World(options.clock ?? new ScaledClock(60), mkdtempSync(join(tmpdir(), 'spimquant-coiled-')), options.workspaces ?? [{ slug: 'lab', isDefault: true, region: 'us-east-1' }], options.containers ?? {}, options.begin);
    Object.assign(this.world.behaviour, options.behaviour);
    for (const [token, user] of Object.entries(options.tokens ?? { [defaultToken]: 'tester' })) this.addToken(token, user);
    server.on('request', (message: IncomingMessage, response: ServerResponse) => void this.#serve(message, response));
  }

  /** How the stand-in behaves from now on. */
  get behaviour(): Behaviour {
    return this.world.behaviour;
  }

  addToken(token: string, user: string = 'tester'): void {
    this.world.accounts.set(token, { user, expired: false });
  }

  expireToken(token: string = defaultToken): void {
    const account = this.world.accounts.get(token);
    if (account !== undefined) account.expired = true;
  }

  setQuota(workspace: string, hasQuota: boolean): void {
    const found = this.world.workspaces.find(({ slug }) => slug === workspace);
    if (found === undefined) throw new Error(`The stand-in has no workspace ${workspace}`);
    found.hasQuota = hasQuota;
  }

  /** Uses up the quota while clusters run: they end in an error, as Coiled's do. */
  exhaustQuota(workspace: string): void {
    this.setQuota(workspace, false);
    for (const cluster of this.world.clusters.values()) if (cluster.workspace === workspace) failCluster(this.world, cluster, 'You have reached the workspace quota of 10000 Coiled credits');
  }

  /** Lets something go wrong with a coming request. Earlier rules come first. */
  inject(rule: FaultRule<CoiledRequestLog>): void {
    this.#faults.add(rule);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  cluster(nameOrId: string | number): StandInCluster {
    const found = [...this.world.clusters.values()].reverse().find(({ name, id }) => name === nameOrId || id === nameOrId);
    if (found === undefined) throw new Error(`The stand-in has no cluster ${nameOrId}`);
    return found;
  }

  /** Takes a spot VM away: the given one, or the first that has a task. */
  interrupt(nameOrId: string | number, vmId?: number): Vm {
    const cluster = this.cluster(nameOrId);
    const vm = cluster.vms.find((each) => (vmId === undefined ? each.running !== undefined && each.spot : each.id === vmId));
    if (vm === undefined) throw new Error(`No spot VM of the cluster ${nameOrId} has a task`);
    interruptVm(this.world, cluster, vm, 'Spot interruption: the instance was reclaimed by the cloud provider');
    return vm;
  }

  /** Clusters that were made, oldest first. */
  submissions(): readonly Submitted[] {
    return [...this.world.clusters.values()].map(({ id, name, jobs }) => ({ name, cluster: id, jobs: jobs.map((job) => job.id) }));
  }

  /** VMs that were asked for and are not gone. */
  vmsLeft(): readonly Vm[] {
    return [...this.world.clusters.values()].flatMap(({ vms }) => vms.filter(({ goneAt }) => goneAt === undefined));
  }

  /** VMs of which a process still runs on this machine. */
  vmsWithProcesses(): readonly Vm[] {
    return [...this.world.clusters.values()].flatMap(({ vms }) => vms.filter(({ running }) => running?.process.alive === true));
  }

  /** How often each task was begun, by its index, over all jobs of a cluster. */
  attempts(nameOrId: string | number): readonly number[] {
    return this.cluster(nameOrId).jobs.flatMap(({ tasks }) => tasks.map(({ attempts }) => attempts));
  }

  /** Ends everything, tasks included, and removes what they left in their folders. */
  async close(): Promise<void> {
    this.world.clock.close();
    const running = this.vmsWithProcesses().flatMap((vm) => vm.running?.process ?? []);
    for (const process of running) process.signal('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    await rm(this.world.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of message) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const bytes = Buffer.concat(chunks);
    const compressed = bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
    const url = new URL(message.url ?? '/', this.address);
    const authorization = message.headers.authorization ?? '';
    const log: CoiledRequestLog = {
      method: message.method ?? 'GET', path: url.pathname, query: url.search, scheme: authorization.split(' ')[0], contentType: message.headers['content-type'], compressed,
      body: parseBody(bytes, compressed), status: 0,
    };
    this.requests.push(log);
    const send = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      log.status = status;
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    const fault = this.#faults.take(log);
    if (fault !== undefined && (await strike(fault, message, send))) return;
    const { status, body } = this.#answer(log, url, authorization);
    if (fault?.kind === 'lose-answer') message.socket.destroy();
    else if (fault?.kind === 'truncate') {
      const text = JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.write(text.slice(0, fault.afterBytes), () => message.socket.destroy());
    } else send(status, body);
  }

  #answer(log: CoiledRequestLog, url: URL, authorization: string): { readonly status: number; readonly body: unknown } {
    const token = authorization.replace(/^\S+\s+/, '');
    const account = this.world.accounts.get(token);
    if (account === undefined || account.expired || log.scheme !== (token.includes('-') ? 'ApiToken' : 'Token')) return { status: 401, body: { detail: 'Invalid token.' } };
    if (log.body === undefined) return { status: 400, body: { message: 'The body is neither JSON nor gzipped JSON' } };
    try {
      const body = answerOf(log.method, log.path, { world: this.world, account, query: url.searchParams, body: log.body as Readonly<Record<string, unknown>> });
      return { status: 200, body: reshape(body, this.behaviour.fields) };
    } catch (error) {
      if (error instanceof CoiledFailure) return { status: error.status, body: error.body };
      return { status: 500, body: { message: error instanceof Error ? error.stack : String(error) } };
    }
  }
}

/** True: the request is over. */
async function strike(fault: Fault, message: IncomingMessage, send: (status: number, body: unknown, headers?: Readonly<Record<string, string>>) => void): Promise<boolean> {
  switch (fault.kind) {
    case 'status':
      send(fault.status, { ...(fault.code === '' ? {} : { code: fault.code }), ...(fault.message === undefined ? {} : { message: fault.message }) }, fault.headers);
      return true;
    case 'reset':
      message.socket.resetAndDestroy();
      return true;
    case 'hang': return true;
    case 'wait':
      await fault.until;
      return false;
    default: return false;
  }
}

/** Python writes numbers into JSON that JSON has none of, and Coiled's client does, in the configuration of Dask. */
function withoutInfinity(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) => (token.startsWith('"') ? token : 'null'));
}

/** Undefined: no JSON. */
function parseBody(bytes: Buffer, compressed: boolean): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(withoutInfinity((compressed ? gunzipSync(bytes) : bytes).toString()));
  } catch {
    return undefined;
  }
}

export async function startCoiledServer(options: CoiledServerOptions = {}): Promise<CoiledServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return new CoiledServer(server, options);
}
