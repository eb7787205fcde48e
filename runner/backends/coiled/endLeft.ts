import { stopKey } from '../../cloud/layout.ts';
import { listCloudRuns, readEnd, readJobs, readManifest, writeEnd } from '../../cloud/manifest.ts';
import { openCoiled } from '../../coiled/open.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import type { CloudRun, CloudTime } from './cloudRun.types.ts';
import { endMachines } from './endMachines.ts';
import { knownJobs } from './takeUp.ts';

/** Runs of the output that are searched for a cluster, newest first. */
const mostRuns = 50;
/** How long clusters are waited for, in milliseconds: somebody looks on. */
const patience = 3 * 60_000;

/** What ending what is left needs. */
export interface EndLeftRequest {
  readonly output: ObjectStore;
  /** Names of clusters that may still have machines. */
  readonly names: readonly string[];
  /** Holds what there is for signing in. */
  readonly env: Environment;
  readonly journal: CloudRun['journal'];
  readonly time: CloudTime;
  readonly signal: AbortSignal;
}

/**
 * Ends clusters that runs of an output may have left, and verifies that their machines are gone. Returns the names of those
 * of which that is known; of a cluster that no run of the output has asked for nothing is known.
 *
 * @throws SpimquantError `auth-missing` and `auth-expired`, and what the bucket throws
 */
export async function endLeft({ output, names, env, journal, time, signal }: EndLeftRequest): Promise<readonly string[]> {
  const { client } = await openCoiled(env);
  const open = new Set(names);
  const gone: string[] = [];
  try {
    for (const id of (await listCloudRuns(output, signal)).slice(0, mostRuns)) {
      if (open.size === 0) break;
      const records = (await readJobs(output, id, signal)).filter(({ name }) => open.has(name));
      if (records.length === 0) continue;
      const manifest = await readManifest(output, id, signal);
      const run: CloudRun = { manifest, output, account: { client, workspace: manifest.workspace }, journal, time, signal };
      // Machines that Coiled does not reach learn it from the bucket.
      await output.write(stopKey(id), '{}\n');
      const left = await endMachines(run, await knownJobs(run, records), 'SPIMquant: told to end what is left', patience);
      const stillThere = new Set(left.map(({ name }) => name));
      for (const { name } of records) {
        open.delete(name);
        if (!stillThere.has(name)) gone.push(name);
      }
      const end = await readEnd(output, id, signal);
      await writeEnd(output, id, { ...(end ?? { outcome: 'cancelled', ended: new Date(time.now()).toISOString(), finished: 0, failed: 0 }), left: [...new Set([...(end?.left ?? []).filter((name) => !gone.includes(name)), ...stillThere])] });
    }
    return gone;
  } finally {
    client.dispose();
  }
}
