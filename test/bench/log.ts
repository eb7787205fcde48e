import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEventBody } from '../../runner/protocol/events.ts';
import { RunIndex } from '../../runner/server/runView/runIndex.ts';
import type { BenchRow } from './benchRow.ts';

const lines = 1_000_000;
const needle = 'chunk c/0/17/5 ';

async function writeJournal(path: string): Promise<void> {
  const out = createWriteStream(path);
  let seq = 0;
  const write = async (event: RunEventBody): Promise<void> => {
    seq += 1;
    if (!out.write(`${JSON.stringify({ seq, time: 1_700_000_000_000 + seq, ...event })}\n`)) await once(out, 'drain');
  };
  await write({ type: 'run-started', pid: 1, host: 'bench' });
  for (let at = 0; at < lines; at++) {
    await write({ type: 'task-log', task: `sub-${at % 40}/segment`, level: at % 5000 === 0 ? 'error' : 'info', message: `brick ${at} of ${lines}: wrote chunk c/0/${at % 64}/${at % 31} in 12 ms` });
  }
  out.end();
  await once(out, 'close');
}

/** The log of a run: looked through for the first time, and searched, beside grep on the same file. */
export async function benchLog(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-'));
  try {
    const path = join(folder, 'events.ndjson');
    await writeJournal(path);
    const grep = (pattern: string): { readonly seconds: number; readonly found: number } => {
      const start = performance.now();
      const run = spawnSync('grep', ['-i', '-c', '-F', pattern, path], { encoding: 'utf8' });
      return { seconds: (performance.now() - start) / 1000, found: Number(run.stdout) };
    };
    grep('warm the file');
    const index = new RunIndex(folder);
    let start = performance.now();
    const first = await index.page({}, -200, 200, Infinity);
    const opened = (performance.now() - start) / 1000;
    if (first.all !== lines + 1) throw new Error(`The log has ${first.all} lines.`);
    start = performance.now();
    const found = await index.page({ text: needle }, -200, 200, Infinity);
    const searched = (performance.now() - start) / 1000;
    const peer = grep(needle);
    if (peer.found !== found.total) throw new Error(`Found ${found.total} lines, grep ${peer.found}.`);
    return [
      { name: `log of ${lines.toLocaleString('en-US')} lines, first look`, peer: 'grep -c', oursSeconds: opened, peerSeconds: grep('"level":"').seconds },
      { name: `log of ${lines.toLocaleString('en-US')} lines, search`, peer: 'grep -i', oursSeconds: searched, peerSeconds: peer.seconds },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
