import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { CostEstimate } from '../../../runner/protocol/cloud.ts';
import type { RunEventBody } from '../../../runner/protocol/events.ts';
import type { ResourceSample } from '../../../runner/protocol/resources.ts';
import { newRunId } from '../../../runner/protocol/runs.ts';

/** A run in the journal of this editor's user that is written event by event. It counts as alive as long as the extension host is. */
export interface WrittenRun {
  readonly id: string;
  readonly write: (...events: readonly RunEventBody[]) => Promise<void>;
}

/** Begins a cloud run of two participants, of whom one was tried twice. */
export async function beginCloudRun(): Promise<WrittenRun> {
  const state = process.env['SPIMQUANT_STATE_DIR'];
  if (state === undefined) throw new Error('The editor of the tests has a state folder of its own; this one has none.');
  const begun = Date.now() - 1_800_000;
  const id = newRunId(begun);
  const folder = join(state, 'runs', id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'run.json'), JSON.stringify({
    id, command: 'spimquant s3://lab/bids s3://lab/out participant --cloud', verb: 'participant', bids: 's3://lab/bids', output: 's3://lab/out', options: {}, version: '0.1.0',
    pid: process.pid, process: '', host: hostname(), started: new Date(begun).toISOString(), place: 'cloud',
  }));
  let seq = 0;
  const write = async (...events: readonly RunEventBody[]): Promise<void> => {
    await appendFile(join(folder, 'events.ndjson'), events.map((event) => `${JSON.stringify({ seq: ++seq, time: begun + seq, ...event })}\n`).join(''));
  };
  const tasks = ['01', '02'].map((scope) => ({ id: `sub-${scope}`, stage: 'participant', scope, title: `sub-${scope} on a machine of its own` }));
  await write(
    { type: 'run-started', pid: process.pid, host: hostname() }, { type: 'cloud-estimated', estimate }, { type: 'run-planned', tasks, reused: 0 },
    { type: 'cloud-job', job: { name: 'spimquant-1-1', participants: 2, jobId: 7, clusterId: 11, page: 'https://cloud.coiled.io/clusters/11', state: 'submitted' } },
    { type: 'task-started', task: 'sub-01' }, { type: 'task-postponed', task: 'sub-01', error: { code: 'network', message: 'The machine was taken away.' } }, { type: 'task-started', task: 'sub-01' },
    { type: 'task-started', task: 'sub-02' },
    { type: 'cloud-standing', machines: 2, spent: { dollars: 1.25, by: 'coiled', asOf: Date.now() - 130_000 } },
  );
  await writeFile(join(folder, 'resources.ndjson'), machineSamples(begun).map((sample) => `${JSON.stringify(sample)}\n`).join(''));
  return { id, write };
}

/** Two machines for half an hour, and the one that follows. */
function machineSamples(begun: number): readonly (ResourceSample & { readonly host: string; readonly participant?: string })[] {
  return Array.from({ length: 120 }, (_, at) => at).flatMap((at) => {
    const time = begun + 15_000 * at;
    const sample = { time, cores: 8, memoryLimit: 32e9, diskRead: 0, diskWrite: 2e7 * (at % 7), networkIn: 9e7 * Math.max(0, Math.cos(at / 9)), networkOut: 1e6, processes: 1 };
    return [
      { host: 'ip-10-0-1-5 (instance 41)', participant: '01', ...sample, cpu: 4 + 3 * Math.sin(at / 8), memory: 1e10 + 8e7 * at },
      { host: 'ip-10-0-1-9 (instance 42)', participant: '02', ...sample, cpu: 5 + 2 * Math.cos(at / 5), memory: 9e9 + 5e7 * at },
      { host: hostname(), ...sample, cpu: 0.05, cores: 2, memory: 1.4e8, networkIn: 2000 },
    ];
  });
}

const estimate: CostEstimate = {
  participants: 2, low: 0.8, likely: 1.6, high: 3.1, machineHours: { low: 2, likely: 4, high: 8 }, hours: 2.1, machines: 2,
  machine: { type: 'm7i.2xlarge', vcpus: 8, memoryBytes: 32e9, region: 'us-east-1', dollarsPerHour: 0.4032, asOf: '2026-08', source: 'AWS price list' },
  items: [{ title: 'Machines', low: 0.7, likely: 1.5, high: 2.9 }, { title: 'Data that leave the region', low: 0.1, likely: 0.1, high: 0.2 }],
  assumptions: ['A machine works on one participant at a time.', 'Images have 12 GB each.'],
};
