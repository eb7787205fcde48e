// Takes the pictures of the documentation: npm run screenshots
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.ts';

const taken = join(root, 'test/editor/screenshots');
const target = join(root, 'docs/images');
const prefix = 'docs-';

const { status } = spawnSync(process.execPath, [join(root, 'scripts/editor/run.ts'), 'pictures'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
await mkdir(target, { recursive: true });
for (const name of (await readdir(taken)).filter((file) => file.startsWith(prefix) && file.endsWith('.png'))) {
  const file = join(target, name.slice(prefix.length));
  await copyFile(join(taken, name), file);
  console.log(`${file} (${Math.round((await stat(file)).size / 1024)} kB)`);
}
