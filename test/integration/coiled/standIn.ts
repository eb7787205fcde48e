import { setTimeout as wait } from 'node:timers/promises';
import { coiledClient } from '../../../runner/coiled/client.ts';
import type { BatchSpec, CoiledClient } from '../../../runner/coiled/client.types.ts';
import type { CoiledToken } from '../../../runner/coiled/token.types.ts';
import { usualSurroundings } from '../../../runner/storage/connection.ts';
import type { CoiledServer } from '../../servers/coiledServer.ts';
import { defaultToken } from '../../servers/coiledServer.ts';

export const token: CoiledToken = { value: defaultToken, source: { kind: 'variable', name: 'DASK_COILED__TOKEN' } };

/** A client of a stand-in that does not wait between attempts; `waits` gets what it would have waited. */
export function clientOf(server: Pick<CoiledServer, 'address'>, more: { readonly token?: () => Promise<CoiledToken>; readonly waits?: number[] } = {}): CoiledClient {
  return coiledClient({
    server: server.address, env: {}, token: more.token ?? (async () => token),
    surroundings: { ...usualSurroundings, sleep: async (ms) => void more.waits?.push(ms), random: () => 0.5 },
  });
}

/** A submission of one task, to be changed as a test needs it. */
export function specOf(more: Partial<BatchSpec> = {}): BatchSpec {
  return {
    workspace: 'lab', name: 'test-cluster', script: '#!/bin/sh\necho "task $COILED_BATCH_TASK_ID"\n', tasks: { kind: 'count', count: 1 }, image: 'debian:stable-slim', vmTypes: ['m6i.xlarge'], region: 'us-east-1', ...more,
  };
}

export interface Running {
  readonly job: number;
  readonly cluster: number;
}

/** Submits, and takes for granted that it is accepted. */
export async function submit(client: CoiledClient, spec: BatchSpec): Promise<Running> {
  const job = await client.createJob(spec);
  if (job.kind !== 'accepted') throw new Error(`${job.kind}: ${job.error.message}`);
  const cluster = await client.createCluster(spec, job.value, await client.environment(spec));
  if (cluster.kind !== 'accepted') throw new Error(`${cluster.kind}: ${cluster.error.message}`);
  return { job: job.value, cluster: cluster.value.id };
}

/** Waits until something is so. */
export async function until<T>(what: string, condition: () => T | undefined | false | Promise<T | undefined | false>, timeoutMs: number = 30_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`It did not come about: ${what}`);
    await wait(10);
  }
}
