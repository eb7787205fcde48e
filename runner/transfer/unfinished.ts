import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsent, localError } from '../storage/local/localErrors.ts';
import type { OpenUpload, PartTag } from '../storage/objectStore.ts';

/** A part that was sent, with the CRC of its content where the whole is checked by one. */
export interface SentPart extends PartTag {
  readonly crc?: number;
}

/** An object that is half copied. */
export interface HalfCopied {
  readonly upload: OpenUpload;
  /** Version of the source that it is a copy of. */
  readonly version: string;
  /** By index. */
  readonly parts: Map<number, SentPart>;
}

const file = 'parts.ndjson';

/**
 * The uploads in parts that were begun and neither completed nor abandoned, with the parts that were sent: on its way to
 * the disk whenever a part is, so that a killed transfer goes on from there.
 */
export class Unfinished {
  readonly #path: string;
  readonly #uploads = new Map<string, HalfCopied>();
  #file: number | undefined;

  /** Reads what is there. `folder` is there, and nobody else writes in it. */
  constructor(folder: string) {
    this.#path = join(folder, file);
    for (const line of linesOf(this.#path)) this.#take(line);
  }

  /** By key. */
  get uploads(): ReadonlyMap<string, HalfCopied> {
    return this.#uploads;
  }

  begin(upload: OpenUpload, version: string): HalfCopied {
    const begun = { upload, version, parts: new Map<number, SentPart>() };
    this.#uploads.set(upload.key, begun);
    this.#write(beginLine(begun));
    return begun;
  }

  sent({ upload, parts }: HalfCopied, part: SentPart): void {
    parts.set(part.index, part);
    this.#write(partLine(upload.key, part));
  }

  /** It is completed or abandoned. */
  end(key: string): void {
    if (!this.#uploads.delete(key)) return;
    this.#write(['end', key]);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(line: readonly unknown[]): void {
    try {
      if (this.#file === undefined) {
        // Only now, so that a look changes nothing: without what is over, the file stays small.
        const kept = [...this.#uploads.values()].flatMap((each) => [beginLine(each), ...[...each.parts.values()].map((part) => partLine(each.upload.key, part))]);
        const temporary = `${this.#path}.new`;
        writeFileSync(temporary, kept.map((each) => `${JSON.stringify(each)}\n`).join(''), { mode: 0o600 });
        renameSync(temporary, this.#path);
        this.#file = openSync(this.#path, 'a', 0o600);
      }
      writeSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw localError(error, 'write', this.#path);
    }
  }

  #take(line: unknown): void {
    if (!Array.isArray(line)) return;
    const [what, key, ...rest] = line as readonly unknown[];
    if (typeof key !== 'string') return;
    if (what === 'end') this.#uploads.delete(key);
    if (what === 'begin') {
      const [size, id, version] = rest;
      if (typeof size === 'number' && typeof id === 'string' && typeof version === 'string') this.#uploads.set(key, { upload: { key, size, id }, version, parts: new Map() });
    }
    if (what === 'part') {
      const [index, tag, crc] = rest;
      if (typeof index === 'number' && typeof tag === 'string') this.#uploads.get(key)?.parts.set(index, { index, tag, ...(typeof crc === 'number' ? { crc } : {}) });
    }
  }
}

function beginLine({ upload, version }: HalfCopied): readonly unknown[] {
  return ['begin', upload.key, upload.size, upload.id, version];
}

function partLine(key: string, { index, tag, crc }: SentPart): readonly unknown[] {
  return crc === undefined ? ['part', key, index, tag] : ['part', key, index, tag, crc];
}

function linesOf(path: string): readonly unknown[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return [];
    throw localError(error, 'read', path);
  }
  return text.split('\n').flatMap((line): unknown[] => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}
