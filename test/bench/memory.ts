import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PlaqueVolumeSpec } from '../../runner/phantom/plaqueVolume.ts';
import { readParquet } from '../../runner/tables/parquet.ts';
import { rowCount } from '../../runner/tables/table.ts';
import { defaultCredential } from '../servers/s3/server.ts';
import type { ServerFigures, ServerReady } from './memory/serve.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A volume, and the level of its pyramid that is registered; the bias field is estimated at the next. */
interface MemoryCase {
  readonly volume: PlaqueVolumeSpec;
  readonly registrationLevel: number;
}

const volume = { seed: 7, voxelSize: [0.005, 0.005, 0.005], chunk: [128, 128, 128], stain: 'Abeta' } as const;

/** 8.6 GB of 16-bit voxels with plaques whose number is known. */
const fullSize: MemoryCase = { volume: { ...volume, size: [2048, 2048, 1024], levels: 6 }, registrationLevel: 5 };
/** An eighth of that, for a first impression. */
const quickSize: MemoryCase = { volume: { ...volume, size: [1024, 1024, 512], levels: 5 }, registrationLevel: 4 };

/** Peak memory that the run is allowed, MiB. */
const limit = 2048;

/** What segmenting and measuring a volume took. */
export interface MemoryFigures {
  readonly size: readonly number[];
  readonly rawBytes: number;
  /** The whole run, wall-clock. */
  readonly seconds: number;
  /** Of the tasks that segment and measure, summed over threads. */
  readonly segmentSeconds: number;
  /** From the first of them to the end of the last. */
  readonly segmentSpan: number;
  readonly peakMebibytes: number;
  /** Processor time of the run, and what the test server needed to make up the volume, seconds. */
  readonly processorSeconds: number;
  readonly server: ServerFigures;
  readonly objects: number;
  readonly plaques: number;
}

/**
 * Runs the whole participant path from a bucket whose image is computed as it is read, in a process of its own, and
 * reports the peak of its resident memory. Linux only. Rejects when the run fails, needs more than 2 GiB, or finds
 * another number of objects than there are plaques.
 */
export async function benchMemory(quick: boolean): Promise<MemoryFigures> {
  const { volume: spec, registrationLevel } = quick ? quickSize : fullSize;
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-memory-'));
  const server = fork(fileURLToPath(new URL('./memory/serve.ts', import.meta.url)), [JSON.stringify(spec)]);
  try {
    const { endpoint, plaques } = await answerOf<ServerReady>(server);
    const output = join(folder, 'out');
    const started = performance.now();
    const process = await runMeasured([
      's3://volume', output, 'participant', '--template', 'phantom', '--stains_for_reg', spec.stain, '--stains_for_seg', spec.stain,
      '--seg_method', 'th900', '--registration_level', String(registrationLevel), '--correction_level', String(registrationLevel + 1),
      '--cores', 'all', '--mem', `${limit}MiB`, '--s3-endpoint', endpoint, '--sloppy', '--quiet',
    ], join(folder, 'state'));
    const seconds = (performance.now() - started) / 1000;
    const table = await readParquet(await readFile(join(output, 'sub-volume/tabular/sub-volume_sample-brain_acq-synthetic_space-phantom_desc-th900_regionprops.parquet')));
    server.send('figures');
    const figures: MemoryFigures = {
      size: spec.size, rawBytes: 2 * spec.size[0] * spec.size[1] * spec.size[2], seconds, ...process,
      ...(await segmentTimes(join(folder, 'state'))), server: await answerOf<ServerFigures>(server), objects: rowCount(table), plaques,
    };
    if (figures.peakMebibytes > limit) throw new Error(`The run took ${figures.peakMebibytes.toFixed(0)} MiB, more than the ${limit} MiB that it was given.`);
    if (figures.objects !== plaques) throw new Error(`The run found ${figures.objects} objects, but there are ${plaques} plaques.`);
    return figures;
  } finally {
    if (server.connected) server.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

async function answerOf<T>(server: ChildProcess): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`The server of the synthetic volume ended with ${code}.`));
    server.once('exit', ended);
    server.once('message', (message) => {
      server.off('exit', ended);
      resolve(message as T);
    });
  });
}

/** Runs the program and returns the peak resident memory of its process, all threads included, and its processor time (Linux only). */
async function runMeasured(args: readonly string[], stateFolder: string): Promise<{ readonly peakMebibytes: number; readonly processorSeconds: number }> {
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      SPIMQUANT_STATE_DIR: stateFolder,
      AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId,
      AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey,
      AWS_REGION: 'us-east-1',
    },
  });
  let peakMebibytes = 0;
  let processorSeconds = 0;
  const look = async (): Promise<void> => {
    const [status, stat] = await Promise.all([readFile(`/proc/${child.pid}/status`, 'utf8'), readFile(`/proc/${child.pid}/stat`, 'utf8')]);
    // VmHWM is the kernel's own high-water mark: nothing is missed between two looks.
    peakMebibytes = Math.max(peakMebibytes, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
    const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
    processorSeconds = Math.max(processorSeconds, (user + system) / 100);
  };
  const watch = setInterval(() => void look().catch(() => undefined), 250);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`The run ended with exit code ${code}.`);
  return { peakMebibytes, processorSeconds };
}

interface JournalLine {
  /** Milliseconds. */
  readonly time: number;
  readonly type: string;
  readonly task?: string;
  readonly seconds?: number;
}

/** From a run's journal: how long the tasks took that segment and measure. */
async function segmentTimes(stateFolder: string): Promise<{ readonly segmentSeconds: number; readonly segmentSpan: number }> {
  const [run] = await readdir(join(stateFolder, 'runs'));
  const lines = (await readFile(join(stateFolder, 'runs', run, 'events.ndjson'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as JournalLine);
  const wanted = lines.filter(({ task }) => /\/(segment|objects)\//.test(task ?? ''));
  const times = wanted.map(({ time }) => time);
  const segmentSeconds = wanted.reduce((sum, { type, seconds }) => sum + (type === 'task-finished' ? seconds ?? 0 : 0), 0);
  return { segmentSeconds, segmentSpan: (Math.max(...times) - Math.min(...times)) / 1000 };
}
