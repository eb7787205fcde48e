import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOver, newRunId } from '../../../runner/protocol/runs.ts';
import { UserHome } from '../../helpers/userHome.ts';
import { startCoiledServer } from '../../servers/coiledServer.ts';
import { RunnerBench, until } from '../server/runnerBench.ts';

const token = 'editor-token-4711';

describe('A token of Coiled that the editor keeps', function () {
  this.timeout(60_000);

  it('goes to the runner with a request, counts for that one alone, and is written nowhere', async () => {
    const home = new UserHome();
    const server = await startCoiledServer({ tokens: { [token]: 'dana' } });
    const bench = new RunnerBench([]);
    const window = bench.client({
      env: home.env({ SPIMQUANT_STATE_DIR: bench.state, SPIMQUANT_CACHE_DIR: join(bench.folder, 'cache') }), serverFile: fileURLToPath(new URL('../../../runner/server.ts', import.meta.url)),
    });
    const check = async (coiled?: { readonly token: string; readonly server: string }): Promise<string | undefined> => {
      const { health } = await window.request('explore', { text: 'spimquant doctor coiled', cwd: bench.folder, token: 'progress', ...(coiled === undefined ? { coiled: { server: server.address } } : { coiled }) });
      return health?.services[0].identity?.name;
    };
    try {
      assert.equal(await check({ token, server: server.address }), 'dana');
      assert.equal(await check(), undefined, 'the runner has forgotten it');
      const { id } = await window.request('runs.start', { id: newRunId(Date.now()), text: `${bench.command()} -c 1`, cwd: bench.folder, coiled: { token, server: server.address } });
      await until(async () => (await window.request('runs.list', { limit: 5 })).runs.some((run) => run.id === id && isOver(run.status)), 'the run ends');
      const files = readdirSync(bench.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      assert.ok(files.length > 0);
      for (const file of files) assert.ok(!readFileSync(join(file.parentPath, file.name), 'latin1').includes(token), file.name);
    } finally {
      await bench.remove();
      await server.close();
      home.remove();
    }
  });
});
