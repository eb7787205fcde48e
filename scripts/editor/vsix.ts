import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.ts';

/** Path of the package that `npm run package` has made. Throws when there is none. */
export function packagedExtension(): string {
  const file = join(root, 'spimquant.vsix');
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run package.`);
  return file;
}
