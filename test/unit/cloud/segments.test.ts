import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventsKey } from '../../../runner/cloud/layout.ts';
import { SegmentReader, segmentName, SegmentWriter } from '../../../runner/cloud/segments.ts';
import type { Segment } from '../../../runner/cloud/segments.ts';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import type { MachineSample } from '../../../runner/protocol/resources.ts';
import type { ObjectStore } from '../../../runner/storage/objectStore.ts';
import { openStore } from '../../../runner/storage/open.ts';

describe('what machines write', () => {
  let folder: string;
  let now: number;
  let timers: { readonly at: number; readonly then: () => void }[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-segments-'));
    [now, timers] = [0, []];
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const time = {
    clock: () => now,
    later: (ms: number, then: () => void) => {
      const timer = { at: now + ms, then };
      timers.push(timer);
      return () => { timers = timers.filter((each) => each !== timer); };
    },
  };
  const writes: Promise<unknown>[] = [];
  const storeOf = (): ObjectStore => {
    const store = openStore(folder, {});
    const write = store.write.bind(store);
    return Object.assign(store, { write: (...given: Parameters<typeof write>) => {
      const written = write(...given);
      writes.push(written);
      return written;
    } });
  };
  const files = async (): Promise<readonly string[]> => readdir(join(folder, eventsKey('run'))).catch(() => []);
  /** Lets time pass; what falls due is written. */
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    const due = timers.filter(({ at }) => at <= now);
    timers = timers.filter(({ at }) => at > now);
    for (const { then } of due) then();
    await Promise.all(writes);
    // What was written is noted by the next turns.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const read = async (): Promise<readonly Segment[]> => {
    const segments: Segment[] = [];
    for await (const segment of new SegmentReader(openStore(folder, {}), 'run').read(true)) segments.push(segment);
    return segments;
  };
  const sample = (at: number): MachineSample => ({ host: 'vm', participant: '01', time: at, cpu: 1, cores: 8, memory: 1, memoryLimit: 2, diskRead: 3, diskWrite: 4, networkIn: 5, networkOut: 6, processes: 7 });
  const event = (seq: number): RunEvent => ({ seq, time: seq, type: 'run-log', level: 'info', message: 'x' });

  it('has samples of the machine beside the events, in the same objects', async () => {
    const writer = new SegmentWriter(storeOf(), 'run', '01', time);
    writer.addSample(sample(1));
    writer.add(event(1));
    await pass(5000);
    writer.addSample(sample(2));
    writer.add(event(2));
    await writer.finish();
    assert.deepEqual((await read()).map(({ participant, number, events, samples }) => ({ participant, number, events, samples })), [
      { participant: '01', number: 1, events: [event(1)], samples: [sample(1)] }, { participant: '01', number: 2, events: [event(2)], samples: [sample(2)] },
    ]);
  });

  it('is written once a minute at most where a machine has nothing but samples to tell', async () => {
    const writer = new SegmentWriter(storeOf(), 'run', '01', time);
    for (let at = 0; at < 600_000; at += 15_000) {
      writer.addSample(sample(at));
      await pass(15_000);
    }
    assert.ok((await files()).length <= 10 && (await files()).length >= 7, String(await files()));
    // An event does not wait for that.
    const before = (await files()).length;
    writer.addSample(sample(now));
    writer.add(event(1));
    await pass(30_000);
    assert.equal((await files()).length, before + 1);
    assert.deepEqual((await read()).at(-1)?.events, [event(1)]);
    await writer.finish();
    assert.equal((await read()).flatMap(({ samples }) => samples).length, 41);
  });

  it('is read as older runners wrote it, and older runners pass over samples', async () => {
    const writer = new SegmentWriter(storeOf(), 'run', '01', time);
    writer.add(event(1));
    writer.addSample(sample(1));
    await writer.finish();
    const [name] = await files();
    const lines = (await readFile(join(folder, eventsKey('run'), name), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    assert.deepEqual(lines.map(({ seq }) => typeof seq), ['number', 'undefined'], 'an event has a number, and older runners take nothing else');
    await writeFile(join(folder, eventsKey('run'), segmentName(9, '02', 'ab', 1)), `${JSON.stringify(event(1))}\n{"type":"machine-sample","host":3}\n{"ty`);
    assert.deepEqual((await read()).find(({ participant }) => participant === '02'), { participant: '02', attempt: 'ab', number: 1, events: [event(1)], samples: [] });
  });
});
