import assert from 'node:assert/strict';
import { parseIo, parseNetDev, parsePs, parseResident, parseStat, processTree } from '../../../runner/monitor/procText.ts';
import { ResourceSampler, sampleBetween } from '../../../runner/monitor/sampler.ts';
import { linuxSnapshots } from '../../../runner/monitor/snapshot.ts';
import type { ProcessUse, Snapshot } from '../../../runner/monitor/snapshot.ts';
import type { ResourceSample } from '../../../runner/protocol/resources.ts';

const stat = (pid: number, parent: number, user: number, started: number, name = 'node'): string =>
  `${pid} (${name}) S ${parent} ${pid} ${pid} 0 -1 4194560 1 0 0 0 ${user} 50 7 8 20 0 11 0 ${started} 123 456 184\n`;

const netDev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 999999     10    0    0    0     0          0         0   999999      10    0    0    0     0       0          0
  eth0: 1000     10    0    0    0     0          0         0     200      10    0    0    0     0       0          0
wlp3s0:500 10 0 0 0 0 0 0 30 1 0 0 0 0 0 0
docker0: 77777 1 0 0 0 0 0 0 77777 1 0 0 0 0 0 0
vethab12: 77777 1 0 0 0 0 0 0 77777 1 0 0 0 0 0 0
`;

describe('reading /proc', () => {
  it('reads a process, also when its name holds brackets and spaces', () => {
    assert.deepEqual(parseStat(stat(42, 7, 150, 12345, 'a) S 9 (b')), { parent: 7, cpuSeconds: 2, started: 123.45 });
    assert.equal(parseStat(''), undefined);
    assert.equal(parseStat('42 (x'), undefined);
  });

  it('reads memory, disk and network, without what is counted twice', () => {
    assert.equal(parseResident('Name:\tnode\nVmPeak:\t 99 kB\nVmRSS:\t   2048 kB\n'), 2048 * 1024);
    assert.equal(parseResident('Name:\tnode\nState:\tZ (zombie)\n'), 0);
    assert.deepEqual(parseIo('rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 5\n'), { read: 4096, written: 8192 });
    assert.deepEqual(parseIo(''), { read: 0, written: 0 });
    assert.deepEqual(parseNetDev(netDev), { received: 1500, sent: 230 });
  });

  it('finds all processes below some', () => {
    const parents = new Map([[1, 0], [10, 1], [11, 10], [12, 11], [20, 1], [30, 20]]);
    assert.deepEqual([...processTree(parents, [10, 99])].sort(), [10, 11, 12]);
    assert.deepEqual([...processTree(parents, [10, 12, 30])].sort(), [10, 11, 12, 30]);
  });

  it('reads what ps prints', () => {
    assert.deepEqual(parsePs('  501     1   2048   0:01.50\n  502   501  1024  1-02:03:04\n\nPID PPID\n'), [
      { pid: 501, parent: 1, memory: 2048 * 1024, cpuSeconds: 1.5 },
      { pid: 502, parent: 501, memory: 1024 * 1024, cpuSeconds: 86400 + 7384 },
    ]);
  });

  it('looks at the whole of a process tree, and of others only at their parents, once in a while', async () => {
    const read: string[] = [];
    const texts = new Map([
      ['/proc/1/stat', stat(1, 0, 5, 0)], ['/proc/10/stat', stat(10, 1, 100, 500)], ['/proc/11/stat', stat(11, 10, 200, 600)],
      ['/proc/10/status', 'VmRSS: 1 kB\n'], ['/proc/11/status', 'VmRSS: 2 kB\n'], ['/proc/11/io', 'read_bytes: 7\nwrite_bytes: 8\n'],
      ['/proc/net/dev', netDev], ['/proc/uptime', '100.5 300\n'],
    ]);
    const pids = [1, 10, 11];
    const take = linuxSnapshots({ readText: (path) => { read.push(path); return texts.get(path); }, pids: () => pids });
    const { processes, networkIn, uptime } = await take([10]);
    assert.deepEqual([networkIn, uptime], [1500, 100.5]);
    assert.deepEqual([...processes], [
      [10, { cpuSeconds: 1.5, started: 5, memory: 1024, read: 0, written: 0 }],
      [11, { cpuSeconds: 2.5, started: 6, memory: 2048, read: 7, written: 8 }],
    ]);
    read.splice(0);
    await take([10]);
    assert.ok(!read.includes('/proc/1/stat'));
    pids.push(12);
    texts.set('/proc/12/stat', stat(12, 1, 0, 700));
    assert.ok((await take([10, 12])).processes.has(12));
    assert.ok(read.includes('/proc/1/stat'));
  });
});

const machine = { cores: 4, memoryBytes: 1e9 };
const use = (cpuSeconds: number, started: number, read = 0): ProcessUse => ({ cpuSeconds, started, read, written: read * 2, memory: 100 });
const snapshot = (processes: readonly (readonly [number, ProcessUse])[], network = 0, uptime = 50): Snapshot => ({ processes: new Map(processes), networkIn: network, networkOut: network / 2, uptime });

describe('rates between two snapshots', () => {
  it('are per second, of what is there in both', () => {
    const sample = sampleBetween({ ...snapshot([[1, use(10, 1, 100)]], 1000), time: 1000 }, { ...snapshot([[1, use(13, 1, 500)]], 3000), time: 3000 }, machine);
    assert.deepEqual(sample, {
      time: 3000, cpu: 1.5, cores: 4, memory: 100, memoryLimit: 1e9, diskRead: 200, diskWrite: 400, networkIn: 1000, networkOut: 500, processes: 1,
    });
  });

  it('are never negative, whatever ends, begins, or takes the id of another', () => {
    const before = { ...snapshot([[1, use(900, 1, 900)], [2, use(800, 2, 800)], [3, use(5, 3)]], 9000, 50), time: 0 };
    // 1 ended, 2 is another process that began since, 3 is another that began before (its id was not ours), 4 was taken up late, 5 is new.
    const after = { ...snapshot([[2, use(1, 60, 10)], [3, use(77, 20)], [4, use(500, 10, 500)], [5, use(2, 55, 20)]], 10), time: 1000 };
    const sample = sampleBetween(before, after, machine);
    assert.deepEqual([sample.cpu, sample.diskRead, sample.diskWrite, sample.networkIn, sample.processes, sample.memory], [3, 30, 60, 0, 4, 400]);
  });
});

describe('watching', () => {
  /** A sampler whose time passes when the test says so. */
  function watched(): { sampler: ResourceSampler; pass: (ms: number) => Promise<void>; snapshots: () => number; waiting: () => readonly number[]; fail: (yes: boolean) => void } {
    let now = 0;
    let taken = 0;
    let failing = false;
    let timers: { at: number; ms: number; work: () => void }[] = [];
    const sampler = new ResourceSampler({
      pids: () => [1],
      clock: () => now,
      later: (ms, work) => {
        const timer = { at: now + ms, ms, work };
        timers.push(timer);
        return () => { timers = timers.filter((other) => other !== timer); };
      },
      snapshots: async () => {
        taken += 1;
        if (failing) throw new Error('no /proc');
        return snapshot([[1, use(now / 1000, 1)]]);
      },
      machine: () => machine,
    });
    const settle = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
    return {
      sampler,
      pass: async (ms) => {
        await settle();
        for (const end = now + ms; ;) {
          const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
          if (next === undefined) { now = end; break; }
          timers = timers.filter((other) => other !== next);
          now = next.at;
          next.work();
          await settle();
        }
      },
      snapshots: () => taken,
      waiting: () => timers.map(({ ms }) => ms),
      fail: (yes) => { failing = yes; },
    };
  }

  it('samples only while someone watches, at the shortest interval asked for', async () => {
    const { sampler, pass, snapshots, waiting } = watched();
    const [one, two] = [{}, {}];
    const heard: ResourceSample[] = [];
    await pass(5000);
    assert.equal(snapshots(), 0);
    assert.deepEqual(sampler.watch(one, 2000, (sample) => heard.push(sample)), []);
    await pass(4000);
    assert.deepEqual(heard.map(({ time, cpu }) => [time, cpu]), [[7000, 1], [9000, 1]]);
    assert.equal(sampler.watch(two, 500, () => undefined).length, 2);
    await pass(1000);
    assert.deepEqual(waiting(), [500]);
    sampler.watch(two, 0, () => undefined);
    await pass(0);
    assert.deepEqual(waiting(), [2000]);
    sampler.watch(one, 0, () => undefined);
    const before = snapshots();
    await pass(60_000);
    assert.equal(snapshots(), before);
    assert.deepEqual(waiting(), []);
    sampler.dispose();
  });

  it('keeps ten minutes, without a rate over a pause, and goes on after a failure', async () => {
    const { sampler, pass, fail } = watched();
    const watcher = {};
    sampler.watch(watcher, 1000, () => undefined);
    await pass(700_000);
    const history = sampler.history;
    assert.equal(history.length, 601);
    assert.deepEqual([history[0].time, history.at(-1)?.time], [100_000, 700_000]);
    sampler.watch(watcher, 0, () => undefined);
    await pass(300_000);
    assert.equal(sampler.watch(watcher, 1000, () => undefined).length, 301);
    await pass(1000);
    assert.equal(sampler.history.at(-1)?.time, 1_001_000);
    fail(true);
    await pass(5000);
    assert.equal(sampler.history.at(-1)?.time, 1_001_000);
    fail(false);
    await pass(1000);
    assert.deepEqual([sampler.history.at(-1)?.time, sampler.history.at(-1)?.cpu], [1_007_000, 1]);
    sampler.dispose();
  });
});
