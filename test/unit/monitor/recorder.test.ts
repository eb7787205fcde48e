import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readResources, recordResources, resourcesFile, thinOut } from '../../../runner/monitor/recorder.ts';
import type { ResourceSample } from '../../../runner/protocol/resources.ts';

const sample = (time: number, cpu: number): ResourceSample => ({
  time, cpu, cores: 2, memory: 100, memoryLimit: 1000, diskRead: 0, diskWrite: 0, networkIn: 0, networkOut: 0, processes: 1,
});

describe('resources of a run', () => {
  let folder: string;
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'spimquant-resources-')); });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  it('are written while it runs, and read back by host', async () => {
    const waiting: (() => void)[] = [];
    let time = 1000;
    const stop = recordResources(folder, () => (time += 2000), (_milliseconds, work) => {
      waiting.push(work);
      return () => undefined;
    });
    const turn = async (): Promise<void> => {
      while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      waiting.shift()?.();
    };
    await turn();
    await turn();
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop();
    stop();
    const hosts = await readResources(folder, 100);
    assert.deepEqual(hosts.map(({ host }) => host), [hostname()]);
    assert.ok(hosts[0].samples.length >= 1 && hosts[0].samples.every(({ memory, cores }) => memory > 0 && cores > 0));
  });

  it('of a crashed run end with the last whole line', async () => {
    await appendFile(join(folder, resourcesFile), `${JSON.stringify({ host: 'a', ...sample(1, 1) })}\n${JSON.stringify({ host: 'b', ...sample(1, 2) })}\n{"host":"a","ti`);
    assert.deepEqual((await readResources(folder, 10)).map(({ host, samples }) => [host, samples.length]), [['a', 1], ['b', 1]]);
    await rm(join(folder, resourcesFile));
    assert.deepEqual(await readResources(folder, 10), []);
  });

  it('are thinned out without losing a peak', () => {
    const samples = Array.from({ length: 10_000 }, (_, at) => sample(at, at === 7777 ? 9 : 1));
    const thin = thinOut(samples, 100);
    assert.equal(thin.length, 100);
    assert.equal(Math.max(...thin.map(({ cpu }) => cpu)), 9);
    assert.equal(thin.at(-1)?.time, 9999);
    assert.equal(thinOut(samples.slice(0, 50), 100).length, 50);
  });
});
