// Runs scripts of package.json beside each other. What each prints comes as a whole when it is over; fails when one of them does.
// Usage: node scripts/together.mjs SCRIPT [SCRIPT ...]
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs one script, and says how it went. True when it was green. */
async function run(name) {
  const started = performance.now();
  const child = spawn('npm', ['run', '--silent', name], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  const over = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [output, problems, code] = await Promise.all([text(child.stdout), text(child.stderr), over]);
  const said = [output, problems].map((each) => each.trim()).filter((each) => each !== '').join('\n');
  console.log(`${name}: ${code === 0 ? 'green' : 'RED'} after ${Math.round((performance.now() - started) / 1000)} s${said === '' ? '' : `\n${said}`}`);
  return code === 0;
}

const names = process.argv.slice(2);
if (names.length === 0) {
  console.error('usage: node scripts/together.mjs SCRIPT [SCRIPT ...]');
  process.exit(2);
}
console.log(`Beside each other: ${names.join(', ')}`);
const green = await Promise.all(names.map(run));
process.exitCode = green.every(Boolean) ? 0 : 1;
