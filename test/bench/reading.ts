import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOmeZarr } from '../../runner/image/omeZarr.ts';
import { LocalStore } from '../../runner/storage/local/localStore.ts';

const codecs = ['none', 'zstd', 'blosc-lz4', 'gzip'] as const;

/** Writes the stores with zarr-python, then reads one whole and prints the CPU seconds, best of three. */
const script = `
import sys, time, numcodecs, numpy as np, zarr
def processor():
    return time.process_time()
folder, codec, what = sys.argv[1:4]
two = {'zarr_format': 2} if int(zarr.__version__.split('.')[0]) > 2 else {}
if what == 'make':
    rng = np.random.default_rng(7)
    z, y, x = np.ogrid[:512, :512, :512]
    data = (400 + 300 * np.sin(x / 40) * np.cos(y / 50) * np.sin(z / 60 + 1) + rng.normal(0, 12, (512, 512, 512))).astype('<u2')
    compressor = {'none': None, 'zstd': numcodecs.Zstd(3), 'blosc-lz4': numcodecs.Blosc('lz4', 5, 1), 'gzip': numcodecs.GZip(1)}
    for name, c in compressor.items():
        group = zarr.open_group(f'{folder}/{name}', mode='w', **two)
        axes = [{'name': n, 'type': 'space', 'unit': 'micrometer'} for n in 'zyx']
        group.attrs['multiscales'] = [{'version': '0.4', 'axes': axes, 'datasets': [{'path': '0', 'coordinateTransformations': [{'type': 'scale', 'scale': [1, 1, 1]}]}]}]
        array = zarr.create(store=group.store, path='0', shape=data.shape, chunks=(128, 128, 128), dtype='<u2', compressor=c, **two)
        array[:] = data
else:
    best = None
    for _ in range(3):
        start = processor()
        zarr.open_group(f'{folder}/{codec}', mode='r')['0'][:]
        took = processor() - start
        best = took if best is None else min(best, took)
    print(best)
`;

function python(program: string, args: readonly string[]): string {
  const run = spawnSync(program, ['-W', 'ignore', '-c', script, ...args], { encoding: 'utf8', maxBuffer: 1 << 20 });
  if (run.status !== 0) throw new Error(`zarr-python failed: ${run.stderr}`);
  return run.stdout;
}

/** CPU seconds of reading the whole image anew, best of three. */
async function readAll(folder: string, codec: string): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    const start = process.cpuUsage();
    const image = await openOmeZarr(new LocalStore(folder), codec, { cacheBytes: 0 });
    await image.read(image.level(0), 0, { start: [0, 0, 0], size: [512, 512, 512] });
    const used = process.cpuUsage(start);
    best = Math.min(best, (used.user + used.system) / 1e6);
  }
  return best;
}

/**
 * Reading a 512³ uint16 image (268 MB) of 128³ chunks from the local disk, by this program and by zarr-python, in CPU
 * seconds. `python` is an interpreter that has zarr and numpy.
 */
export async function benchReading(python3: string): Promise<readonly { readonly name: string; readonly oursSeconds: number; readonly peerSeconds: number; readonly peer: string }[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  try {
    python(python3, [folder, '', 'make']);
    const rows = [];
    for (const codec of codecs) {
      const oursSeconds = await readAll(folder, codec);
      rows.push({ name: `read 512x512x512 uint16, ${codec}`, oursSeconds, peerSeconds: Number(python(python3, [folder, codec, 'read'])), peer: 'zarr-python' });
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
