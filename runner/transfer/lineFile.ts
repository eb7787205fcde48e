import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Json } from '../protocol/json.ts';
import { isAbsent, localError } from '../storage/local/localErrors.ts';

/** Bytes gathered before they are written. */
const pieceBytes = 256 * 1024;

/** Writes a file of lines of JSON that nobody reads before it is closed. */
export class LineWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  #lines: string[] = [];
  #gathered = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Begins a file anew. Throws as local stores do. */
  static async create(path: string): Promise<LineWriter> {
    try {
      return new LineWriter(path, await open(path, 'w', 0o600));
    } catch (error) {
      throw localError(error, 'write', path);
    }
  }

  async add(value: Json): Promise<void> {
    const line = `${JSON.stringify(value)}\n`;
    this.#lines.push(line);
    this.#gathered += line.length;
    if (this.#gathered >= pieceBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    this.#gathered = 0;
    try {
      await this.#file.appendFile(text);
    } catch (error) {
      throw localError(error, 'write', this.#path);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }

  /** Closes the file as it is. No error when it is closed. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abandon();
  }
}

/** The values of a file of lines of JSON, one after the other; what is no JSON, such as a line that a crash cut off, is left out. No file: none. */
export async function* readLines(path: string): AsyncGenerator<unknown> {
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: pieceBytes });
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        continue;
      }
      yield value;
    }
  } catch (error) {
    if (!isAbsent(error)) throw localError(error, 'read', path);
  } finally {
    stream.destroy();
  }
}
