import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filesBelow } from '../../../scripts/demo/results.ts';

/** SHA-256 as hexadecimal digits. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Every result of participants and the template (tables, images, figures), by path, as a digest. */
export async function resultDigests(output: string): Promise<ReadonlyMap<string, string>> {
  const paths = (await filesBelow(output, /./)).filter((path) => /^(sub|tpl)-/.test(path));
  const digests = await Promise.all(paths.map(async (path) => digestOf(await readFile(join(output, path)))));
  return new Map(paths.map((path, i) => [path, digests[i]]));
}
