import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MachineRecorder } from '../../../runner/monitor/machineRecorder.ts';
import { readMachines, readResources, recordResources, ResourceFile, resourcesFile } from '../../../runner/monitor/recorder.ts';
import { mergeSamples, thinOut } from '../../../runner/monitor/summary.ts';
import type { MachineSample, ResourceSample } from '../../../runner/protocol/resources.ts';

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

  it('are put together over longer times: rates on average, the most memory', () => {
    assert.deepEqual(mergeSamples([{ ...sample(1, 1), memory: 700 }, sample(2, 3)]), { ...sample(2, 2), memory: 700 });
  });

  describe('of cloud machines', () => {
    const of = (host: string, participant: string, time: number, cpu: number): MachineSample => ({ ...sample(time, cpu), host, participant });
    const record = (work: (recorder: MachineRecorder) => void): void => {
      const recorder = new MachineRecorder(new ResourceFile(folder));
      work(recorder);
      recorder.close();
    };

    it('are kept by machine with the participants that each worked on, and stand before the one that follows', async () => {
      await appendFile(join(folder, resourcesFile), `${JSON.stringify({ host: 'here', ...sample(1, 0.1) })}\n`);
      record((recorder) => {
        recorder.take('01', [of('vm-1', '01', 20_000, 6), of('vm-1', '01', 35_000, 8)], true);
        recorder.take('02', [of('vm-2', '02', 21_000, 2)], false);
        recorder.take('03', [of('vm-1', '03', 50_000, 4)], false);
      });
      const hosts = await readResources(folder, 100);
      assert.deepEqual(hosts.map(({ host, participants, samples }) => [host, participants.map(({ participant }) => participant), samples.length]), [['vm-1', ['01', '03'], 3], ['vm-2', ['02'], 1], ['here', [], 1]]);
      assert.deepEqual([hosts[0].summary.from, hosts[0].summary.to, hosts[0].summary.meanCpu, hosts[0].summary.peak.cpu, hosts[0].intervalMs], [20_000, 50_000, 6, 8, 15_000]);
      assert.deepEqual((await readResources(folder, 100, ['vm-2'])).map(({ samples }) => samples.length), [0, 1, 0]);
    });

    it('are taken once, however often and late they come', async () => {
      record((recorder) => {
        recorder.take('01', [of('vm', '01', 20_000, 1), of('vm', '01', 35_000, 2)], false);
        recorder.take('01', [of('vm', '01', 20_000, 1), of('vm', '01', 35_000, 2), of('vm', '01', 50_000, 3)], false);
      });
      assert.deepEqual((await readResources(folder, 100))[0].samples.map(({ cpu }) => cpu), [1, 2, 3]);
    });

    it('are those that are at work, with their latest', async () => {
      record((recorder) => {
        recorder.take('01', [of('vm-1', '01', 20_000, 1)], false);
        recorder.take('02', [of('vm-2', '02', 20_000, 2)], true);
        recorder.take('03', [of('vm-3', '03', 20_000, 3), of('vm-3', '03', 40_000, 5)], false);
        // Taken away: another one goes on.
        recorder.take('01', [of('vm-4', '01', 60_000, 7)], false);
      });
      assert.deepEqual((await readMachines(folder, 0)).map(({ host, participant, cpu }) => [host, participant, cpu]), [['vm-3', '03', 5], ['vm-4', '01', 7]]);
      assert.deepEqual((await readMachines(folder, 50_000)).map(({ host }) => host), ['vm-4']);
    });

    it('are fewer of each where there are many', () => {
      let lines = 0;
      const recorder = new MachineRecorder({ add: () => { lines += 1; }, close: () => undefined });
      for (let time = 0; time < 3_600_000; time += 15_000) for (let at = 0; at < 300; at++) recorder.take(String(at), [of(`vm-${at}`, String(at), time, 1)], false);
      assert.ok(lines > 2000 && lines < 3600 + 600, String(lines));
    });
  });
});
