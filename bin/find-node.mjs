// Finds a Node that can run SPIMquant. Plain JavaScript, because an older Node must be able to run it.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const needed = [22, 15];

/** True when a version such as "22.15.1" is at least the one that SPIMquant needs. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
}

/** Path of a suitable Node: this process's own, or the one that npm installed. Throws with a way out when there is none. */
export function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  for (const prefix of ['node-', 'node-bin-']) {
    const candidate = join(root, 'node_modules', `${prefix}${platform}-${process.arch}`, 'bin', file);
    if (existsSync(candidate)) return candidate;
  }
  throw new Error(`SPIMquant needs Node ${needed.join('.')} or newer; this is ${process.versions.node}. Install a newer Node, or run npm ci with optional dependencies.`);
}
