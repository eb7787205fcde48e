// What is written down about a run, read past the runner.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import { foldEvents, type RunState } from '../../../runner/protocol/runState.ts';

export interface Journal {
  readonly events: readonly RunEvent[];
  readonly state: RunState;
}

/** The journal of a run of this editor's user. */
export async function readJournal(run: string): Promise<Journal> {
  const folder = process.env['SPIMQUANT_STATE_DIR'];
  if (folder === undefined) throw new Error('The editor of the tests has a state folder of its own; this one has none.');
  const text = await readFile(join(folder, 'runs', run, 'events.ndjson'), 'utf8');
  // A line that is being written has no end yet.
  const events = text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as RunEvent);
  return { events, state: foldEvents(events) };
}
