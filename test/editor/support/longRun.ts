import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RunEventBody } from '../../../runner/protocol/events.ts';
import { newRunId } from '../../../runner/protocol/runs.ts';

/** Writes the folder of a run that is over and said `lines` things, an error among every 5000. Returns its id. */
export async function writeLongRun(lines: number): Promise<string> {
  const state = process.env['SPIMQUANT_STATE_DIR'];
  if (state === undefined) throw new Error('The editor of the tests has a state folder of its own; this one has none.');
  const now = Date.now() - 3_600_000;
  const id = newRunId(now);
  const folder = join(state, 'runs', id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const tasks = Array.from({ length: 400 }, (_, at) => {
    const scope = String(at % 40).padStart(2, '0');
    return { id: `sub-${scope}/stage${Math.floor(at / 40)}`, stage: `stage${Math.floor(at / 40)}`, scope, title: `step ${at}` };
  });
  await writeFile(join(folder, 'run.json'), JSON.stringify({
    id, command: 'spimquant /data/long /data/out participant', verb: 'participant', bids: '/data/long', output: '/data/out', options: {}, version: '0.1.0',
    pid: 1, process: '', host: hostname(), started: new Date(now).toISOString(),
  }));
  const out = createWriteStream(join(folder, 'events.ndjson'));
  let seq = 0;
  const write = async (event: RunEventBody): Promise<void> => {
    seq += 1;
    if (!out.write(`${JSON.stringify({ seq, time: now + seq, ...event })}\n`)) await once(out, 'drain');
  };
  await write({ type: 'run-started', pid: 1, host: hostname() });
  await write({ type: 'run-planned', tasks, reused: 0 });
  for (let line = 1; line <= lines; line++) {
    await write({ type: 'task-log', task: tasks[line % tasks.length].id, level: line % 5000 === 0 ? 'error' : 'info', message: `line ${line} of the long log` });
  }
  await write({ type: 'run-finished', outcome: 'succeeded' });
  out.end();
  await once(out, 'close');
  return id;
}
