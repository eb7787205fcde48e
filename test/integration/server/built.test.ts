import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBuildMark } from '../../../extension/runner-client/runnerFiles.ts';
import { isAlive, processMark } from '../../../runner/monitor/process.ts';
import { newRunId } from '../../../runner/protocol/runs.ts';
import { RunnerBench, until } from './runnerBench.ts';

const dist = fileURLToPath(new URL('../../../dist', import.meta.url));

describe('the built runner', function () {
  this.timeout(120_000);

  it('runs from a copy that outlives the extension\'s folder, with nothing beside it', async () => {
    const bench = new RunnerBench([]);
    try {
      // As an installed extension: no source, no packages.
      const installed = join(bench.folder, 'extension', 'dist');
      cpSync(dist, installed, { recursive: true });
      const store = join(bench.folder, 'storage', 'runner');
      const build = readBuildMark(installed);
      assert.match(build, /^[0-9a-f]{16}$/);
      const start = () => ({ nodePath: process.execPath, electronAsNode: true, idleMs: 60_000 });
      const client = bench.client({ serverFile: join(installed, 'server.js'), copyTo: store, build, start });
      await client.request('runs.list', { limit: 1 });
      assert.equal(bench.address?.build, build);
      rmSync(join(bench.folder, 'extension'), { recursive: true });
      assert.match((await client.request('explore', { text: 'spimquant --version', cwd: bench.folder, token: 't' })).title, /./);
      const id = newRunId(Date.now());
      await client.request('runs.start', { id, text: 'spimquant nothing out participant', cwd: bench.folder });
      assert.equal((await bench.over(client, id)).error?.code, 'not-found');
      const users = readdirSync(join(store, build, 'users'));
      assert.ok(users.includes(`${bench.address?.pid}.json`));

      // Copies of earlier versions, long untouched, go when the next runner starts, but for those in use.
      for (const [name, pid] of [['earlier', bench.address?.pid ?? 0], ['busy', process.pid]] as const) {
        mkdirSync(join(store, name, 'users'), { recursive: true });
        writeFileSync(join(store, name, 'users', `${pid}.json`), JSON.stringify({ pid, process: processMark(pid) }));
        utimesSync(join(store, name), 1, 1);
      }
      const before = bench.address?.pid ?? 0;
      await client.restart();
      assert.ok(!isAlive(before));
      await until(() => !existsSync(join(store, 'earlier')), 'the unused copy is gone');
      assert.ok(existsSync(join(store, 'busy')));
    } finally {
      await bench.remove();
    }
  });
});
