import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { between, seededRandom } from '../../runner/phantom/random.ts';
import { differingTables, tableDigests } from '../../scripts/demo/results.ts';
import { temporaryFolder, tinyBrain, tinyFlags, writeDataset, type TemporaryFolder } from './support/phantoms.ts';
import { resultDigests } from './support/results.ts';
import { tasksOf, watch, type WatchedRun } from './support/runs.ts';

/** More of them take longer and find more: `SPIMQUANT_TEST_KILLS=20` before a release. */
const kills = Number(process.env['SPIMQUANT_TEST_KILLS'] ?? 8);

describe('interrupted runs', function () {
  this.timeout(1_500_000);
  let folder: TemporaryFolder;
  let bids: string;
  let reference: WatchedRun;
  let tables: ReadonlyMap<string, string>, results: ReadonlyMap<string, string>;
  const run = (output: string, ...interruption: Parameters<typeof watch> extends [unknown, ...infer Rest] ? Rest : never): Promise<WatchedRun> =>
    watch([bids, output, 'participant', ...tinyFlags], ...interruption);

  before(async () => {
    folder = await temporaryFolder();
    bids = join(folder.path, 'bids');
    await writeDataset(bids, [tinyBrain('T1', 31, 'control')]);
    const output = join(folder.path, 'reference');
    reference = await run(output);
    assert.equal(reference.code, 0, reference.stderr.slice(-3000));
    tables = await tableDigests(output);
    results = await resultDigests(output);
  });

  after(() => folder[Symbol.asyncDispose]());

  it('does nothing a second time', async () => {
    const again = await run(join(folder.path, 'reference'));
    assert.equal(again.code, 0);
    assert.deepEqual(tasksOf(again, 'task-started'), []);
    assert.deepEqual(differingTables(results, await resultDigests(join(folder.path, 'reference'))), []);
  });

  it(`are continued after kill -9 at ${kills} random moments, with the same results and no finished task done again`, async () => {
    assert.ok(tables.size >= 3 && tasksOf(reference, 'task-finished').length > 10);
    const random = seededRandom(20261123);
    let done = 0, completed = 0;
    while (done < kills) {
      const output = join(folder.path, `killed-${completed}`);
      const finished = new Set<string>();
      for (let ended = false; !ended;) {
        // Up to three quarters of a whole run from where this one starts, so that kills fall everywhere in it.
        const moment = Math.ceil(between(random, 0, 0.75 * reference.events.length));
        const attempt = await run(output, done < kills ? { afterEvents: Math.max(1, moment), signal: 'SIGKILL' } : undefined);
        const redone = tasksOf(attempt, 'task-started').filter((task) => finished.has(task));
        assert.deepEqual(redone, [], `after ${done} kills`);
        for (const task of tasksOf(attempt, 'task-finished')) finished.add(task);
        if (attempt.signal === 'SIGKILL') {
          done++;
        } else {
          assert.equal(attempt.code, 0, attempt.stderr.slice(-3000));
          ended = true;
        }
      }
      assert.deepEqual(differingTables(tables, await tableDigests(output)), []);
      assert.deepEqual(differingTables(results, await resultDigests(output)), []);
      await rm(output, { recursive: true });
      completed++;
    }
    assert.equal(done, kills);
  });

  it('stop at Ctrl-C with exit code 130 and can be continued', async () => {
    const output = join(folder.path, 'stopped');
    const stopped = await run(output, { afterEvents: Math.ceil(reference.events.length / 3), signal: 'SIGINT' });
    assert.equal(stopped.code, 130, stopped.stderr.slice(-3000));
    const last = stopped.events.at(-1);
    assert.ok(last?.type === 'run-finished' && last.outcome === 'cancelled', JSON.stringify(last));
    const continued = await run(output);
    assert.equal(continued.code, 0, continued.stderr.slice(-3000));
    const finished = new Set(tasksOf(stopped, 'task-finished'));
    assert.ok(finished.size > 0);
    assert.deepEqual(tasksOf(continued, 'task-started').filter((task) => finished.has(task)), []);
    assert.deepEqual(differingTables(results, await resultDigests(output)), []);
  });

  it('leave nothing half-written behind', async () => {
    const output = join(folder.path, 'half');
    await run(output, { afterEvents: Math.ceil(reference.events.length / 2), signal: 'SIGKILL' });
    for (const [path, digest] of await resultDigests(output)) {
      if (results.has(path)) assert.equal(digest, results.get(path), path);
    }
  });
});
