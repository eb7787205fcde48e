import { fork, spawn } from 'node:child_process';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PlaqueVolumeSpec } from '../../runner/phantom/plaqueVolume.ts';
import { readParquet } from '../../runner/tables/parquet.ts';
import { rowCount } from '../../runner/tables/table.ts';
import { defaultCredential } from '../servers/s3/server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** 8.6 GB of 16-bit voxels with plaques whose number is known. */
const fullSize: PlaqueVolumeSpec = { seed: 7, size: [2048, 2048, 1024], voxelSize: [0.005, 0.005, 0.005], chunk: [128, 128, 128], levels: 6, stain: 'Abeta' };

/** What segmenting and measuring a volume took. */
export interface MemoryFigures {
  readonly rawGigabytes: number;
  readonly seconds: number;
  readonly megabytesPerSecond: number;
  readonly peakMebibytes: number;
  readonly objects: number;
  readonly plaques: number;
}

/**
 * Runs the whole participant path from a bucket whose image is computed as it is read, in a process of its own, and
 * reports the peak of its resident memory. The limit given to the program is 2 GiB.
 */
export async function benchMemory(spec: PlaqueVolumeSpec = fullSize): Promise<MemoryFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-memory-'));
  const server = fork(fileURLToPath(new URL('./memory/serve.ts', import.meta.url)), [JSON.stringify(spec)]);
  try {
    const { endpoint, plaques } = await new Promise<{ endpoint: string; plaques: number }>((resolve, reject) => {
      server.once('message', (message) => resolve(message as { endpoint: string; plaques: number }));
      server.once('exit', (code) => reject(new Error(`The server of the synthetic volume ended with ${code}.`)));
    });
    const output = join(folder, 'out');
    const started = performance.now();
    const peakMebibytes = await runMeasured([
      's3://volume', output, 'participant', '--template', 'phantom', '--stains_for_reg', spec.stain, '--stains_for_seg', spec.stain,
      '--seg_method', 'th1000', '--cores', 'all', '--mem', '2GiB', '--s3-endpoint', endpoint, '--sloppy', '--quiet',
    ], join(folder, 'state'));
    const seconds = (performance.now() - started) / 1000;
    const table = await readParquet(await readFile(join(output, 'sub-volume/tabular/sub-volume_sample-brain_acq-synthetic_space-phantom_desc-th1000_regionprops.parquet')));
    const rawBytes = 2 * spec.size[0] * spec.size[1] * spec.size[2];
    return { rawGigabytes: rawBytes / 1e9, seconds, megabytesPerSecond: rawBytes / 1e6 / seconds, peakMebibytes, objects: rowCount(table), plaques };
  } finally {
    server.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the program and returns the peak resident memory of its process, all threads included, in MiB (Linux only). */
async function runMeasured(args: readonly string[], stateFolder: string): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      SPIMQUANT_STATE_DIR: stateFolder,
      AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId,
      AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey,
      AWS_REGION: 'us-east-1',
    },
  });
  let peak = 0;
  const watch = setInterval(() => {
    void readFile(`/proc/${child.pid}/status`, 'utf8').then(
      (status) => (peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024)),
      () => undefined,
    );
  }, 250);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`The run ended with exit code ${code}.`);
  return peak;
}
