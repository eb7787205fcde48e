import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudAttempts } from '../../runner/backends/coiled/attempts.ts';
import type { CloudRun, CloudTime } from '../../runner/backends/coiled/cloudRun.types.ts';
import { takeUpEarlier } from '../../runner/backends/coiled/takeUp.ts';
import { beatInterval, claimParticipant } from '../../runner/cloud/claims.ts';
import { stopKey } from '../../runner/cloud/layout.ts';
import { listCloudRuns, readEnd, writeManifest } from '../../runner/cloud/manifest.ts';
import type { CloudEnd, Manifest } from '../../runner/cloud/manifest.ts';
import { SegmentWriter } from '../../runner/cloud/segments.ts';
import { machineRequest, requestedParticipant } from '../../runner/cloud/taskRequest.ts';
import type { CoiledClient } from '../../runner/coiled/client.types.ts';
import { coiledClient } from '../../runner/coiled/client.ts';
import { parseCommandText } from '../../runner/command/parse.ts';
import { Journal, readEvents } from '../../runner/engine/journal.ts';
import { errorFromReport } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { RunEvent, RunEventBody, RunOutcome } from '../../runner/protocol/events.ts';
import type { LevelCommand } from '../../runner/protocol/options.ts';
import { usualSurroundings } from '../../runner/storage/connection.ts';
import { MemoryStore } from '../../runner/storage/memoryStore.ts';
import { DrivenClock, defaultToken, startCoiledServer } from '../servers/coiledServer.ts';
import type { Behaviour, CoiledServer, StartedTask, TaskProcessOptions } from '../servers/coiledServer.ts';

/** How the machines of a simulated run behave. */
export interface MachineBehaviour {
  /** What a participant takes, in milliseconds; Infinity: it never ends. */
  workMs: number;
  /** It is not ended by SIGTERM either. */
  stubborn: boolean;
}

/** A process that follows a run. */
export interface Follower {
  readonly events: () => readonly RunEvent[];
  /** Rejects with what the run is ended by. */
  readonly ended: Promise<{ readonly outcome: RunOutcome; readonly error?: ErrorReport }>;
  /** Ends it as kill -9 would: nothing of it happens any more. */
  kill(): void;
  /** The user's wish to end it. */
  cancel(): void;
}

/**
 * A cloud run whose time passes as quickly as it is computed: everything that follows and submits is the program's, Coiled is
 * the stand-in behind its requests, the bucket is in memory, and machines only claim their participants and tell of them.
 */
export class SimulatedCloud implements AsyncDisposable {
  readonly clock: DrivenClock;
  readonly output = new MemoryStore('s3://results/out');
  readonly machine: MachineBehaviour = { workMs: 120_000, stubborn: false };
  /** How often work on each participant was begun, and finished. */
  readonly begun = new Map<string, number>();
  readonly finished = new Map<string, number>();
  /** Participants that two machines worked on at the same time. */
  readonly doubled = new Set<string>();
  /** The token that is found when one is looked for. */
  token = defaultToken;
  readonly coiled: CoiledServer;
  readonly #folder = mkdtempSync(join(tmpdir(), 'spimquant-simulated-'));
  readonly #busy = new Set<string>();
  #processes = 0;

  private constructor(coiled: CoiledServer, clock: DrivenClock) {
    this.coiled = coiled;
    this.clock = clock;
  }

  static async start(behaviour: Partial<Behaviour> = {}): Promise<SimulatedCloud> {
    const begin = (task: TaskProcessOptions): StartedTask => simulated.#machine(task);
    const clock = new DrivenClock();
    const simulated: SimulatedCloud = new SimulatedCloud(await startCoiledServer({ clock, behaviour, begin }), clock);
    return simulated;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.coiled.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Begins a run over participants. */
  async begin(participants: readonly string[], flags: string = ''): Promise<Follower> {
    const { command, text } = commandOf(flags);
    const now = this.clock.now();
    const manifest: Manifest = {
      format: 1, id: idOf(now, ++this.#processes), text, command, participants, version: '0', bundle: { sha256: '0'.repeat(64), bytes: 1 }, workspace: 'lab', server: this.coiled.address,
      taskLimitMs: command.execution.cloud?.taskLimitMs ?? 0, idleLimitMs: command.execution.cloud?.idleLimitMs ?? 0, host: 'simulated', started: new Date(now).toISOString(),
    };
    await writeManifest(this.output, manifest);
    return this.#follow(manifest, command, (attempts) => attempts.begin());
  }

  /** Goes on with what earlier processes have left; undefined: there is nothing of that kind. */
  async takeUp(flags: string = ''): Promise<Follower | undefined> {
    const { command } = commandOf(flags);
    const frozen = new AbortController();
    const client = this.#client(frozen.signal);
    const journal = this.#journal();
    const { signal } = new AbortController();
    const manifest = await takeUpEarlier({
      output: this.output, account: { client, workspace: 'lab' }, journal, time: this.#time(frozen.signal), signal, same: () => true, through: (work) => work(),
    });
    client.dispose();
    journal.close();
    return manifest === undefined ? undefined : this.#follow(manifest, command, (attempts) => attempts.takeUp());
  }

  /** How the newest run ended, as it stands in the bucket. */
  async end(): Promise<CloudEnd | undefined> {
    const [id] = await listCloudRuns(this.output);
    return readEnd(this.output, id);
  }

  async callOff(): Promise<void> {
    const [id] = await listCloudRuns(this.output);
    await this.output.write(stopKey(id), '{}\n');
  }

  /** Lets time pass, with what happens meanwhile. */
  async pass(ms: number): Promise<void> {
    for (let left = Math.ceil(ms); left > 0;) {
      const step = Math.min(left, 30_000);
      this.clock.advance(step);
      left -= step;
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #follow(manifest: Manifest, command: LevelCommand, work: (attempts: CloudAttempts) => Follower['ended']): Follower {
    const { cloud } = command.execution;
    if (cloud === undefined) throw new Error('no cloud run');
    const [killed, cancelled] = [new AbortController(), new AbortController()];
    const journal = this.#journal(killed.signal);
    const client = this.#client(killed.signal);
    const output = untilKilled(this.output, killed.signal);
    const run: CloudRun = { manifest, output, account: { client, workspace: 'lab' }, journal, time: this.#time(killed.signal), signal: cancelled.signal };
    const price = { type: 'm6i.2xlarge', vcpus: 8, memoryBytes: 0, region: 'us-east-1', dollarsPerHour: 0.384, asOf: '2026-08', source: 'test' };
    const attempts = new CloudAttempts({
      run, cloud, machines: { types: ['m6i.2xlarge'], type: 'm6i.2xlarge', vcpus: 8, region: 'us-east-1', price }, secrets: {}, start: '', estimate: undefined, record: { take: () => undefined }, through: (each) => each(),
    });
    const ended = work(attempts).finally(() => { client.dispose(); });
    ended.catch(() => undefined);
    return { ended, events: () => readEvents(journal.folder), kill: () => { killed.abort(); }, cancel: () => { cancelled.abort(); } };
  }

  #journal(killed?: AbortSignal): Journal {
    const now = this.clock.now();
    const journal = new Journal(this.#folder, { id: idOf(now, ++this.#processes), command: '', verb: 'participant', bids: '', output: '', options: {}, version: '0', pid: 0, process: '', host: 'simulated', started: new Date(now).toISOString() }, () => this.clock.now());
    if (killed === undefined) return journal;
    const append = journal.append.bind(journal);
    journal.append = (body: RunEventBody): RunEvent => (killed.aborted ? { seq: 0, time: 0, ...body } : append(body));
    return journal;
  }

  #time(killed: AbortSignal): CloudTime {
    return {
      now: () => this.clock.now(),
      sleep: async (ms, signal) => {
        if (killed.aborted) return forever();
        if (signal?.aborted !== true) await this.pass(ms);
        if (killed.aborted) return forever();
      },
    };
  }

  #client(killed: AbortSignal): CoiledClient {
    const client = coiledClient({
      server: this.coiled.address, env: {}, token: async () => ({ value: this.token, source: { kind: 'variable', name: 'DASK_COILED__TOKEN' } }),
      surroundings: { ...usualSurroundings, sleep: (ms) => this.pass(ms), random: () => 0.5 },
    });
    return untilKilled(client, killed);
  }

  /** What a machine does, but for the work itself: it claims its participant, tells of it, and can be ended. */
  #machine({ env }: TaskProcessOptions): StartedTask {
    const participant = requestedParticipant(env);
    const { run } = machineRequest(env);
    const pid = ++this.#processes;
    const { promise, resolve } = Promise.withResolvers<number | null>();
    const killed = new AbortController();
    let alive = true;
    const die = (code: number | null): void => {
      if (!alive) return;
      alive = false;
      this.#busy.delete(`${participant} ${pid}`);
      killed.abort();
      resolve(code);
    };
    const segments = new SegmentWriter(this.output, run, participant, { clock: () => this.clock.now(), later: (ms, then) => { this.clock.after(ms, () => { if (alive) then(); }); return () => undefined; } });
    let seq = 0;
    const tell = (body: RunEventBody): void => { segments.add({ seq: ++seq, time: this.clock.now(), ...body }); };
    const work = async (): Promise<void> => {
      const system = { host: `vm-${env.COILED_INSTANCE_ID}`, pid, processMark: String, isSameProcess: () => alive, sleep: (ms: number) => new Promise<void>((done) => { this.clock.after(ms, done); }) };
      const claim = await claimParticipant(this.output, run, participant, system, killed.signal);
      if (claim === undefined) return die(0);
      if (!alive) return;
      if ([...this.#busy].some((each) => each.startsWith(`${participant} `))) this.doubled.add(participant);
      this.#busy.add(`${participant} ${pid}`);
      this.begun.set(participant, (this.begun.get(participant) ?? 0) + 1);
      tell({ type: 'run-started', pid, host: system.host });
      release = async () => { tell({ type: 'run-finished', outcome: 'cancelled' }); await segments.finish(); await claim.release(); die(75); };
      const beat = (): void => {
        this.clock.after(beatInterval, () => {
          if (alive) claim.beat().then(beat, () => { die(75); });
        });
      };
      beat();
      if (this.machine.workMs === Infinity) return;
      this.clock.after(this.machine.workMs, () => {
        if (!alive) return;
        tell({ type: 'run-finished', outcome: 'succeeded' });
        void segments.finish().then(() => claim.finish('succeeded')).then(() => {
          this.finished.set(participant, (this.finished.get(participant) ?? 0) + 1);
          die(0);
        });
      });
    };
    let release = async (): Promise<void> => { die(143); };
    work().catch(() => { die(1); });
    return {
      ended: promise,
      get alive() { return alive; },
      signal: (name) => {
        if (!alive) return false;
        if (name === 'SIGKILL') die(null);
        else if (name === 'SIGTERM' && !this.machine.stubborn) void release();
        return true;
      },
    };
  }
}

function commandOf(flags: string): { readonly command: LevelCommand; readonly text: string } {
  const { command, text } = parseCommandText(`spimquant s3://brains s3://results/out participant --cloud ${flags}`.trim(), { readFile: () => '' });
  if (command.verb !== 'participant') throw errorFromReport({ code: 'bad-option', message: text });
  return { command, text };
}

function idOf(now: number, number: number): string {
  const digits = new Date(now).toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${number.toString(16).padStart(6, '0')}`;
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

/** Calls on which a killed process would wait never come back, and none are begun. */
function untilKilled<T extends object>(target: T, killed: AbortSignal): T {
  return new Proxy(target, {
    get: (_target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (killed.aborted && name !== 'dispose') return forever();
        const result = (value as (...given: unknown[]) => unknown).apply(target, args);
        return result instanceof Promise ? result.then((answer: unknown) => (killed.aborted ? forever() : answer), (error: unknown) => { if (killed.aborted) return forever(); throw error; }) : result;
      };
    },
  });
}
