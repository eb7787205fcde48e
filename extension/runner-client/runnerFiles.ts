import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { usersFolder } from '../../runner/protocol/stateFolder.ts';

/** Name of the file in a build that holds its mark. */
const markFile = 'build.txt';

/** The mark of a build: changes with its content. Empty for programs that were never built. */
export function readBuildMark(distFolder: string): string {
  try {
    return readFileSync(join(distFolder, markFile), 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * Copies the runner's part of a build to `<storage>/<mark>`, once, and returns that folder. Processes that run from there
 * outlive an update of the extension, which removes its old folder. The runner removes copies that nobody uses.
 */
export async function copyRunner(distFolder: string, storage: string, mark: string): Promise<string> {
  const target = join(storage, mark);
  if (existsSync(target)) {
    const now = new Date();
    // Says that somebody is about to use it.
    await utimes(target, now, now);
    return target;
  }
  const temporary = `${target}.tmp-${randomBytes(4).toString('hex')}`;
  await mkdir(storage, { recursive: true });
  try {
    await cp(distFolder, temporary, { recursive: true, filter: (path) => isRunners(basename(path)) });
    await mkdir(join(temporary, usersFolder), { recursive: true });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another window was faster.
    if (!existsSync(target)) throw error;
  }
  return target;
}

function isRunners(name: string): boolean {
  return name !== 'webviews' && !name.startsWith('extension.') && !name.endsWith('.map') && !name.endsWith('.vsix');
}
