import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventsFile } from '../../engine/journal.ts';
import { readJson, writeAtomically } from '../../engine/runFolder.ts';
import type { RunRecord } from '../../protocol/runs.ts';

const digestFile = 'digest.json';
/** Raised when records are made otherwise, so that old digests are not taken. */
const digestVersion = 1;
/** Bytes at the end of a journal that are looked at. */
const tailBytes = 4096;

/** Whether a journal's last line is the run's end. False also when that cannot be told from its last few kilobytes. */
export function endsFinished(folder: string): boolean {
  let file: number;
  try {
    file = openSync(join(folder, eventsFile), 'r');
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    readSync(file, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString('utf8').split('\n');
    if (lines.pop() !== '') return false;
    return (JSON.parse(lines.at(-1) ?? '') as { readonly type?: string } | null)?.type === 'run-finished';
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}

/** What a journal is like: changes whenever it does. Empty when there is none. */
function signatureOf(folder: string): string {
  try {
    const { size, mtimeMs } = statSync(join(folder, eventsFile));
    return `${size}:${mtimeMs}`;
  } catch {
    return '';
  }
}

/** The record of a run that is over as it was kept; undefined when none was, or the journal has changed since. */
export function readDigest(folder: string): RunRecord | undefined {
  const digest = readJson(join(folder, digestFile)) as { readonly version?: number; readonly journal?: string; readonly record?: RunRecord } | undefined;
  return digest?.version === digestVersion && digest.journal === signatureOf(folder) ? digest.record : undefined;
}

/** Keeps the record of a run that is over, so that its journal need not be read again. `journal`: what it was like. */
export function writeDigest(folder: string, journal: string, record: RunRecord): void {
  try {
    writeAtomically(join(folder, digestFile), { version: digestVersion, journal, record });
  } catch {
    // A full disk or somebody else's folder: the journal is read again next time.
  }
}

/** Keeps another record of a run that is over in place of that which its journal tells, as long as the journal stays as it is. */
export function amendDigest(folder: string, record: RunRecord): void {
  writeDigest(folder, signatureOf(folder), record);
}
