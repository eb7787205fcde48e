// Runs a program of node_modules, or a script of this repository, on a Node that is new enough (>= 22.15).
// The machine's own Node is used when it suffices; otherwise the one that npm installed beside the other dependencies.
// What it compiles is kept beside the other dependencies: most of a short program's time goes into reading TypeScript.
// Usage: node scripts/with-node.mjs SCRIPT [ARG ...]      SCRIPT is a path, or the name of a package's command.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode } from '../bin/find-node.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The JavaScript file behind a package's command, so that it can be run by the Node of our choice. */
function commandFile(name) {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  const bin = typeof manifest.bin === 'string' ? manifest.bin : (manifest.bin[name] ?? Object.values(manifest.bin)[0]);
  return join(root, 'node_modules', name, bin);
}

const [target, ...rest] = process.argv.slice(2);
if (!target) {
  console.error('usage: node scripts/with-node.mjs SCRIPT [ARG ...]');
  process.exit(2);
}
const packageFile = join(root, 'node_modules', target, 'package.json');
const script = existsSync(packageFile) ? commandFile(target) : resolve(target);
const node = findNode();
const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, ...rest], {
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'), ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
