import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../protocol/log.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { newToken, thisSystem } from './lock.ts';
import type { LockSystem } from './lock.ts';
import { receiptFolder } from './receipts.ts';
import { readJson, writeAtomically } from './runFolder.ts';

/** Whose a folder of temporary files is. Stands in the folder, and in the register of this user's folders. */
export interface WorkNote {
  readonly folder: string;
  /** Different for every run that ever used the folder. */
  readonly token: string;
  readonly pid: number;
  /** See LockHolder. */
  readonly process: string;
  readonly host: string;
  /** Where its run writes. */
  readonly output: string;
  /** The run has ended, but not well: what is here may save the next one work. */
  readonly ended?: true;
}

/** Days for which temporary files of runs that were killed, cancelled or failed are kept, so that these can be gone on with. */
export const defaultKeepDays = 7;
const day = 86_400_000;

/** Folder of the register of work folders, in the folder of the state. */
export function workRegister(state: string): string {
  return join(state, 'work');
}

/** How long unfinished work is kept, in milliseconds: SPIMQUANT_KEEP_WORK_DAYS, which may be 0. Throws `bad-option`. */
export function keepWorkMs(env: Readonly<Record<string, string | undefined>>): number {
  const text = env['SPIMQUANT_KEEP_WORK_DAYS']?.trim() ?? '';
  const days = text === '' ? defaultKeepDays : Number(text);
  if (!(days >= 0)) throw new SpimquantError('bad-option', `SPIMQUANT_KEEP_WORK_DAYS is not a number of days: ${text}`, { hint: 'Give a number from 0, or remove the variable: 7 days is the default.' });
  return days * day;
}

const noteFile = join('.spimquant', 'owner.json');

function registerFile(register: string, folder: string): string {
  return join(register, `${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.json`);
}

/** Name of a folder that is being removed. */
function goneName({ folder, token }: WorkNote): string {
  return `${folder}.gone-${token.slice(0, 8)}`;
}

/** The folder of a run's temporary files, as long as the run lasts. */
export class WorkFolder {
  readonly #note: WorkNote;
  readonly #register: string;

  private constructor(note: WorkNote, register: string) {
    this.#note = note;
    this.#register = register;
  }

  /** Makes the folder this process's. The caller holds the output's lock, so nobody else uses it. Throws what the system does. */
  static async claim(folder: string, output: string, register: string, system: LockSystem = thisSystem): Promise<WorkFolder> {
    const note: WorkNote = { folder, token: newToken(), pid: system.pid, process: system.processMark(system.pid), host: system.host, output };
    await mkdir(register, { recursive: true, mode: 0o700 });
    writeAtomically(registerFile(register, folder), note);
    await mkdir(join(folder, '.spimquant'), { recursive: true });
    await writeFile(join(folder, noteFile), `${JSON.stringify(note)}\n`);
    return new WorkFolder(note, register);
  }

  /** The run has ended well: nothing here is needed. `receipts`: those stay, by which the next plan says what has changed. */
  async remove({ receipts }: { readonly receipts: boolean }): Promise<void> {
    const { folder } = this.#note;
    if (receipts) await removeAllBut(folder, receiptFolder.split('/'));
    else await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    await rm(registerFile(this.#register, folder), { force: true });
  }

  /** The run has ended otherwise: what is here, if anything, is kept for the next one, for some days. */
  async leave(): Promise<void> {
    const { folder } = this.#note;
    if ((await readdir(folder)).length === 1 && (await readdir(join(folder, dirname(noteFile)))).length === 1) return this.remove({ receipts: false });
    writeAtomically(registerFile(this.#register, folder), { ...this.#note, ended: true });
  }

  /** The user keeps what is here: it is not looked after any more. */
  async keep(): Promise<void> {
    await rm(registerFile(this.#register, this.#note.folder), { force: true });
    await rm(join(this.#note.folder, noteFile), { force: true });
  }
}

/** Removes everything in a folder but one path below it, and the folder as well when that leads nowhere. */
async function removeAllBut(folder: string, [kept, ...rest]: readonly string[]): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (name !== kept) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 });
    else if (rest.length > 0) await removeAllBut(join(folder, name), rest);
  }
  await rmdir(folder).catch(() => undefined);
}

/** What {@link sweepWorkFolders} needs. */
export interface SweepRequest {
  readonly register: string;
  /** See {@link keepWorkMs}. */
  readonly keepMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly system?: LockSystem;
}

/** A folder that was removed, by the output that its run wrote to. */
export interface SweptFolder {
  readonly folder: string;
  readonly output: string;
}

/**
 * Removes folders of temporary files that nobody will need: of runs of this user on this machine whose process is gone, or
 * that ended otherwise than well, when nothing in them is younger than `keepMs`. Only folders are touched that carry the note
 * which the register has of them. What cannot be removed now is left for the next time.
 */
export async function sweepWorkFolders({ register, keepMs, clock, signal, system = thisSystem }: SweepRequest): Promise<readonly SweptFolder[]> {
  const swept: SweptFolder[] = [];
  for (const name of await readdir(register).catch(() => [])) {
    if (signal?.aborted === true) break;
    if (!/^[0-9a-f]{24}\.json$/.test(name)) continue;
    const entry = join(register, name);
    const note = readNote(entry);
    if (note === undefined || note.host !== system.host || (note.ended !== true && isRunning(note, system))) continue;
    try {
      if (await removeIfOld(note, entry, clock() - keepMs)) swept.push({ folder: note.folder, output: note.output });
    } catch {
      // A disk that is away, or rights that have changed: it is only about space.
    }
  }
  return swept;
}

/** Whether anything was removed. An entry whose folder is gone, or another's by now, is forgotten. */
async function removeIfOld(note: WorkNote, entry: string, before: number): Promise<boolean> {
  const gone = goneName(note);
  // What an earlier sweep could not finish.
  const begun = existsSync(gone);
  if (!begun && (!isOurs(note) || !(await belongsToUser(note.folder)))) {
    await unlink(entry);
    return false;
  }
  if (!begun) {
    if ((await stat(entry)).mtimeMs > before || (await hasYounger(note.folder, before))) return false;
    await rename(note.folder, gone);
    // A run that began in this moment has its own note there by now, and has the folder back.
    if (readNote(join(gone, noteFile))?.token !== note.token) {
      await rename(gone, note.folder);
      return false;
    }
  }
  await rm(gone, { recursive: true, force: true, maxRetries: 3 });
  if (readNote(entry)?.token === note.token) await unlink(entry);
  await rmdir(dirname(note.folder)).catch(() => undefined);
  return true;
}

function isRunning({ pid, process: mark }: WorkNote, system: LockSystem): boolean {
  if (!system.isAlive(pid)) return false;
  const now = system.processMark(pid);
  return mark === '' || now === '' || now === mark;
}

function isOurs(note: WorkNote): boolean {
  return readNote(join(note.folder, noteFile))?.token === note.token;
}

async function belongsToUser(folder: string): Promise<boolean> {
  const user = process.getuid?.();
  return user === undefined || (await stat(folder)).uid === user;
}

/** Whether something below a folder was changed after a time. Ends with the first that was. */
async function hasYounger(folder: string, time: number): Promise<boolean> {
  if ((await stat(folder)).mtimeMs > time) return true;
  for (const row of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, row.name);
    if (row.isDirectory() ? await hasYounger(path, time) : (await stat(path)).mtimeMs > time) return true;
  }
  return false;
}

function readNote(path: string): WorkNote | undefined {
  const note = readJson(path) as Partial<WorkNote> | null | undefined;
  const texts = [note?.folder, note?.token, note?.process, note?.host, note?.output];
  return note !== undefined && note !== null && typeof note.pid === 'number' && texts.every((text) => typeof text === 'string') ? (note as WorkNote) : undefined;
}
