import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as zarr from 'zarrita';
import type { RunnerClient } from '../../extension/runner-client/client.types.ts';
import { createRunnerClient } from '../../extension/runner-client/runnerClient.ts';
import { addPlaqueVolume, plaqueVolume, type PlaqueVolumeSpec } from '../../runner/phantom/plaqueVolume.ts';
import { pieceValues, type ImageRef, type PieceAddress } from '../../runner/protocol/imageView.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import { LocalStore } from '../../runner/storage/local/localStore.ts';
import { MemoryStore } from '../../runner/storage/memoryStore.ts';
import type { ObjectStore } from '../../runner/storage/objectStore.ts';
import { openStore } from '../../runner/storage/open.ts';
import { pageBudget } from '../../webviews/image/budget.ts';
import { PieceStore, type PieceWish } from '../../webviews/image/pieces.ts';
import { findBrowser } from '../../scripts/editor/browser.ts';
import { defaultCredential } from '../servers/s3/server.ts';
import type { BenchRow } from './benchRow.ts';
import type { ServerReady } from './memory/serve.ts';
import type { BucketSpec } from './storage/serve.ts';
import { measurePage, type PageMemory } from './viewerPage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const keys = { AWS_ACCESS_KEY_ID: defaultCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: defaultCredential.secretAccessKey, AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' };

/** Of which only the coarser levels are written: the first picture takes none of the others. */
const opened: PlaqueVolumeSpec = { seed: 7, size: [1024, 1024, 1024], voxelSize: [0.005, 0.005, 0.005], chunk: [64, 64, 64], levels: 5, stain: 'Abeta' };
const finestWritten = 1;
/** Images that are opened, one after the other; each for the first time. */
const times = 15;
const latencyMs = 50;

/** 10.7 GB of voxels that nobody has written: a server computes what is read. */
const scrolled: PlaqueVolumeSpec = { ...opened, size: [2560, 2048, 1024], chunk: [128, 128, 128], levels: 6 };
/** Slices that are scrolled through, and voxels of each that are seen. */
const slices = 384;
const seen = 1024;
/** Slices that are scrolled through in a browser. */
const pageSlices = 192;
const mebibyte = 1024 * 1024;
/** Memory that the runner is allowed, MiB. */
const limit = 1024;

function hasBrowser(): boolean {
  try {
    return findBrowser() !== '';
  } catch {
    return false;
  }
}

/** What scrolling through a large image took. */
export interface ScrollFigures {
  readonly rawBytes: number;
  readonly slices: number;
  readonly seconds: number;
  readonly runnerMebibytes: number;
  /** Of pieces, as the page counts them. */
  readonly pageMebibytes: number;
  /** Of the page itself, in a browser; undefined: there is none. */
  readonly page: PageMemory | undefined;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function startRunner(state: string): RunnerClient {
  return createRunnerClient({
    start: () => ({ nodePath: process.execPath, electronAsNode: false, idleMs: 60_000 }),
    serverFile: join(root, 'dist/server.js'), env: { ...process.env, ...keys, SPIMQUANT_STATE_DIR: state }, version: '0.1.0', build: '', log: () => undefined,
  });
}

async function stopRunner(client: RunnerClient): Promise<void> {
  await client.request('runner.stop', {}).catch(() => undefined);
  client.dispose();
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => { throw new Error('The test server did not start.'); })])) as [T];
  return message;
}

/** The three planes through the middle of a level, whole, as zarrita alone reads them: the metadata of the group and the array, then all chunks at once. */
async function readByZarrita(store: ObjectStore, level: number): Promise<readonly Uint16Array[]> {
  const read = async (key: string): Promise<Uint8Array | undefined> => store.read(key.replace(/^\//, ''));
  const group = await zarr.open.v2(zarr.root({ get: read }), { kind: 'group' });
  const array = await zarr.open.v2(group.resolve(String(level)), { kind: 'array' });
  const middle = array.shape.map((size) => Math.floor((size - 1) / 2));
  return Promise.all([3, 2, 1].map(async (axis) => (await zarr.get(array, array.shape.map((_, i) => (i === 0 ? 0 : i === axis ? middle[i] : null)))).data as Uint16Array));
}

function sum(values: ArrayLike<number>): number {
  let all = 0;
  for (let i = 0; i < values.length; i++) all += values[i];
  return all;
}

/** Voxels of each of the three planes through the middle, added up: by the axis that is cut. */
function sumsOf({ image, pieces, bytes }: Requests['image.open']['result']): readonly number[] {
  const sums = [0, 0, 0];
  let from = 0;
  for (const { axis, width, height } of pieces) {
    sums[axis] += sum(pieceValues(image.pieceType, bytes, from, width * height));
    from += width * height;
  }
  return sums;
}

/** From the request of a page to all that its first picture needs, for images that nobody has opened, beside zarrita on the same store. `prepared`: as the Datasets view does when their rows are looked at. */
async function benchOpening(name: string, client: RunnerClient, at: (index: number) => { readonly image: ImageRef; readonly store: ObjectStore }, prepared = false): Promise<BenchRow> {
  const ours: number[] = [];
  const peers: number[] = [];
  for (let i = 0; i < times; i++) {
    const { image, store } = at(i);
    if (prepared) await client.request('image.prepare', { image });
    let start = performance.now();
    const answer = await client.request('image.open', { image, pixels: 512, channels: 3 });
    ours.push((performance.now() - start) / 1000);
    const level = answer.pieces[0].level;
    start = performance.now();
    const planes = await readByZarrita(store, level);
    peers.push((performance.now() - start) / 1000);
    const [found, wanted] = [sumsOf(answer), planes.map(sum)];
    if (found.some((each, axis) => each !== wanted[axis])) throw new Error(`The planes differ: ${found.join(' ')} and ${wanted.join(' ')}.`);
  }
  return { name, peer: 'zarrita alone', oursSeconds: median(ours), peerSeconds: median(peers) };
}

/** The first picture of images in a folder, and in a bucket 50 ms away. */
export async function benchViewer(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  const client = startRunner(join(folder, 'state'));
  let server: ChildProcess | undefined;
  try {
    const volume = new MemoryStore('memory://volume');
    addPlaqueVolume(volume, 'image.ome.zarr', plaqueVolume(opened));
    const disk = new LocalStore(folder);
    for await (const entry of volume.list('', { recursive: true })) {
      if (entry.kind !== 'object' || (/\/(\d+)\/0\//.exec(entry.key) !== null && Number(/\/(\d+)\/0\//.exec(entry.key)?.[1]) < finestWritten)) continue;
      await disk.write(entry.key, (await volume.read(entry.key)) ?? new Uint8Array(0));
    }
    // The same files by other names: what was read for one is not there for the next.
    for (let i = 0; i <= 3 * times; i++) await symlink(join(folder, 'image.ome.zarr'), join(folder, `image-${i}.ome.zarr`));
    const name = (i: number): string => `image-${i}.ome.zarr`;
    await client.request('image.open', { image: { uri: join(folder, name(3 * times)), storage: {} }, pixels: 512, channels: 1 });
    const local = await benchOpening('first picture of an image in a folder', client, (i) => ({ image: { uri: join(folder, name(i)), storage: {} }, store: new LocalStore(join(folder, name(i))) }));
    server = fork(fileURLToPath(new URL('storage/serve.ts', import.meta.url)), [JSON.stringify({ folder, objects: [], latencyMs } satisfies BucketSpec)], { execArgv: process.execArgv });
    const { endpoint } = await answerOf<{ readonly endpoint: string }>(server);
    Object.assign(process.env, keys);
    const storage = { s3Endpoint: endpoint };
    await client.request('image.open', { image: { uri: `s3://bench/${name(3 * times)}`, storage }, pixels: 512, channels: 1 });
    await readByZarrita(openStore(`s3://bench/${name(3 * times)}`, { ...storage, concurrency: 32 }), 3);
    const bucket = await benchOpening(`first picture of an image in a bucket, ${latencyMs} ms away`, client, (i) => ({
      image: { uri: `s3://bench/${name(times + i)}`, storage }, store: openStore(`s3://bench/${name(times + i)}`, { ...storage, concurrency: 32 }),
    }));
    const seen = await benchOpening(`the same, of an image whose row in the Datasets view was looked at`, client, (i) => ({
      image: { uri: `s3://bench/${name(2 * times + i)}`, storage }, store: openStore(`s3://bench/${name(2 * times + i)}`, { ...storage, concurrency: 32 }),
    }), true);
    return [local, bucket, seen];
  } finally {
    await stopRunner(client);
    if (server?.connected === true) server.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Scrolls through a large image at its finest level, as a page does that is zoomed in: the page's own store of pieces asks
 * for what is seen and for the next slices. Reports the peak of the runner's resident memory (Linux only), and of the
 * pieces that the page holds. Rejects when either is too much.
 */
export async function benchScrolling(quick: boolean): Promise<ScrollFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  const client = startRunner(join(folder, 'state'));
  const server = fork(fileURLToPath(new URL('memory/serve.ts', import.meta.url)), [JSON.stringify(scrolled)], { execArgv: process.execArgv });
  try {
    const { endpoint } = await answerOf<ServerReady>(server);
    const image: ImageRef = { uri: 's3://volume/sub-volume/micr/sub-volume_sample-brain_acq-synthetic_SPIM.ome.zarr', storage: { s3Endpoint: endpoint } };
    const { image: info } = await client.request('image.open', { image, pixels: 512, channels: 1 });
    const { size, piece } = info.levels[0];
    const first: readonly [number, number] = [Math.floor((size[0] - seen) / 2 / piece[0]), Math.floor((size[1] - seen) / 2 / piece[1])];
    const addresses = (index: number): readonly PieceAddress[] => Array.from({ length: Math.ceil(seen / piece[0]) * Math.ceil(seen / piece[1]) }, (_, i) => ({
      level: 0, axis: 2, index, x: first[0] + (i % Math.ceil(seen / piece[0])), y: first[1] + Math.floor(i / Math.ceil(seen / piece[0])), slab: 1,
    }));
    let pageBytes = 0;
    let changed = (): void => undefined;
    const store = new PieceStore({
      fetch: ({ address, channels }, signal) => client.request('image.piece', { image, piece: address, channels }, { signal }),
      onChange: () => {
        pageBytes = Math.max(pageBytes, store.bytes);
        changed();
      },
    });
    const start = performance.now();
    const count = quick ? slices / 4 : slices;
    for (let i = 0; i < count; i++) {
      const shown = addresses(Math.floor(size[2] / 2) - (slices >> 1) + i);
      const wishes = [0, 1, 2].flatMap((ahead) => addresses(Math.floor(size[2] / 2) - (slices >> 1) + i + ahead)).map((address): PieceWish => ({ source: 0, address, channels: [0] }));
      const isWhole = (): boolean => shown.every((address) => store.get(0, address, 0) !== undefined);
      const whole = new Promise<void>((resolve, reject) => {
        changed = () => {
          const failed = shown.map((address) => store.failure(0, address, 0)).find((error) => error !== undefined);
          if (failed !== undefined) reject(new Error(failed.message));
          else if (isWhole()) resolve();
        };
      });
      store.want(wishes);
      if (!isWhole()) await whole;
    }
    const seconds = (performance.now() - start) / 1000;
    store.want([]);
    const { status } = client;
    if (status.kind !== 'connected') throw new Error('The runner is lost.');
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${status.pid}/status`, 'utf8'))?.[1]) / 1024;
    const page = hasBrowser() ? await measurePage(client, image, size, quick ? pageSlices / 4 : pageSlices) : undefined;
    const figures: ScrollFigures = { rawBytes: 2 * scrolled.size[0] * scrolled.size[1] * scrolled.size[2], slices: count, seconds, runnerMebibytes: peak, pageMebibytes: pageBytes / mebibyte, page };
    if (peak > limit) throw new Error(`The runner took ${peak.toFixed(0)} MiB, more than ${limit} MiB.`);
    if (pageBytes > pageBudget.all) throw new Error(`The page held ${(pageBytes / mebibyte).toFixed(0)} MiB of pieces.`);
    return figures;
  } finally {
    await stopRunner(client);
    if (server.connected) server.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}
