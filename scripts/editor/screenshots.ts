// Takes the pictures of the documentation: npm run screenshots [-- SCENARIO] [--grep TEXT]
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.ts';

const taken = join(root, 'test/editor/screenshots');
const target = join(root, 'docs/images');
const prefix = 'docs-';
/** Those that take pictures: one for nothing else, and one that has a cloud to show. */
const scenarios = ['pictures', 'cloud-run'];

async function pictures(): Promise<readonly string[]> {
  await mkdir(taken, { recursive: true });
  return (await readdir(taken)).filter((file) => file.startsWith(prefix) && file.endsWith('.png'));
}

const asked = process.argv.slice(2);
for (const name of await pictures()) await rm(join(taken, name));
const { status } = spawnSync(process.execPath, [join(root, 'scripts/editor/run.ts'), ...(asked[0] === undefined || asked[0].startsWith('-') ? scenarios : []), ...asked], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
await mkdir(target, { recursive: true });
for (const name of await pictures()) {
  const file = join(target, name.slice(prefix.length));
  await copyFile(join(taken, name), file);
  console.log(`${file} (${Math.round((await stat(file)).size / 1024)} kB)`);
}
