#!/usr/bin/env node
// The `spimquant` command. Starts the runner's command line on a Node that is new enough.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findNode } from './find-node.mjs';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
if (!existsSync(cli)) {
  console.error('spimquant: the program is not built yet. Run: npm run build');
  process.exit(1);
}
let node;
try {
  node = findNode();
} catch (error) {
  console.error(`spimquant: ${error.message}`);
  process.exit(1);
}
if (node === process.execPath) {
  process.argv[1] = cli;
  await import(new URL('../dist/cli.js', import.meta.url).href);
} else {
  const child = spawn(node, [cli, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to the whole group: wait for the child to stop cleanly instead of dying first.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
