import { createHash } from 'node:crypto';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../../../scripts/demo/results.ts';
import type { PhantomParticipant } from '../../../runner/phantom/cohort.ts';
import { startCoiledServer, defaultToken, ScaledClock, type CoiledServer } from '../../servers/coiledServer.ts';
import { startS3Server, type S3Server } from '../../servers/s3/server.ts';
import { loopbackCredentials, temporaryFolder, writeDataset, type TemporaryFolder } from './phantoms.ts';

/** The image that runs take where nothing else is said: on this machine it is the Node that runs the tests. */
const image = 'docker.io/library/node:24-bookworm-slim';

/** One that holds a stand-in for the Python SPIMquant as well. */
export const imageWithEngine = 'lab/spimquant:1';

/** A dataset in a bucket, a bucket for results, and Coiled, whose machines are processes of this one. */
export interface CloudLab extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  /** The dataset as a folder of this machine. */
  readonly bids: string;
  readonly s3: S3Server;
  readonly coiled: CoiledServer;
  /** What a user has in the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Flags by which the buckets are reached. */
  readonly flags: readonly string[];
}

/** @param speed how much faster machines come and go than real ones */
export async function startCloudLab(participants: readonly PhantomParticipant[], speed = 60): Promise<CloudLab> {
  const folder = await temporaryFolder();
  const bids = join(folder.path, 'bids');
  await writeDataset(bids, participants);
  const s3 = await startS3Server();
  s3.createBucket('brains', { folder: bids });
  s3.createBucket('results');
  s3.createBucket('uploads');
  const path = `${dirname(process.execPath)}:/usr/bin:/bin`;
  const variables = { ...loopbackCredentials, AWS_EC2_METADATA_DISABLED: 'true' };
  const programs = join(folder.path, 'image');
  await mkdir(programs);
  await symlink(fileURLToPath(new URL('../../fixtures/snakemake/standIn.mjs', import.meta.url)), join(programs, 'spimquant'));
  const coiled = await startCoiledServer({
    clock: new ScaledClock(speed),
    containers: {
      [image]: { env: { PATH: path, ...variables } },
      [imageWithEngine]: { env: { PATH: `${programs}:${path}`, ...variables } },
    },
  });
  return {
    folder, bids, s3, coiled, flags: ['--s3-endpoint', s3.endpoint, '--s3-region', 'us-east-1'],
    env: { ...loopbackCredentials, DASK_COILED__SERVER: coiled.address, DASK_COILED__TOKEN: defaultToken, AWS_EC2_METADATA_DISABLED: 'true' },
    [Symbol.asyncDispose]: async () => {
      await coiled.close();
      await s3.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Results of participants and the template in a folder, by path, as digests. */
export async function folderDigests(output: string): Promise<ReadonlyMap<string, string>> {
  const paths = (await filesBelow(output, /./)).filter((path) => /^(sub|tpl)-/.test(path));
  return new Map(await Promise.all(paths.map(async (path) => [path, createHash('sha256').update(await readFile(join(output, path))).digest('hex')] as const)));
}

/** Results of participants and the template in a bucket below a prefix, by path, as digests. */
export async function bucketDigests(server: S3Server, prefix: string): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const key of await server.keys('results')) {
    const path = key.slice(prefix.length);
    if (!key.startsWith(prefix) || !/^(sub|tpl)-/.test(path)) continue;
    const object = await server.bucket('results').backend.get(key);
    if (object !== undefined) digests.set(path, createHash('sha256').update(await object.read(0, object.size)).digest('hex'));
  }
  return digests;
}

/** The JSON objects of a bucket whose keys match. */
export async function bucketJson(server: S3Server, pattern: RegExp): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const found: Readonly<Record<string, unknown>>[] = [];
  for (const key of await server.keys('results')) {
    if (!pattern.test(key)) continue;
    const object = await server.bucket('results').backend.get(key);
    if (object !== undefined) found.push(JSON.parse(Buffer.from(await object.read(0, object.size)).toString()) as Readonly<Record<string, unknown>>);
  }
  return found;
}
