import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.ts';

/** Path of the package that `npm run package` has made. Throws when there is none. */
export async function packagedExtension(): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { name: string; version: string };
  const file = join(root, `${name}-${version}.vsix`);
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run package.`);
  return file;
}
