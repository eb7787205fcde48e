import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peers } from '../integration/storage/conformance/peers.ts';

/*
 * Without arguments: runs the tests that compare with programs from PyPI. They are kept in a virtual environment in the
 * user's cache, one per content of requirements.txt. Without python3 or PyPI it says so and succeeds, since nothing was
 * found wrong.
 *
 * --prepare: makes that environment and runs nothing, so that it is there when the tests begin.
 *
 * --peers [NAME ...]: runs the suite of stores against services of others instead, as far as this machine has them, records
 * what they gave and writes it into docs/storage.md. NAME: ceph, fake-gcs; all when none is given.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const requirements = join(root, 'test/conformance/requirements.txt');

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(existsSync(homedir()) ? homedir() : tmpdir(), '.cache');
  return join(base, 'spimquant-conformance', createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12));
}

/** The python of the environment, made on first use; or why there is none. */
function preparePython(): { readonly python: string } | { readonly missing: string } {
  const folder = cacheFolder();
  const python = process.platform === 'win32' ? join(folder, 'Scripts/python.exe') : join(folder, 'bin/python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return { python };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const made = spawnSync('python3', ['-m', 'venv', folder], { encoding: 'utf8' });
  if (made.status !== 0) return { missing: `no virtual environment could be made (${made.error?.message ?? lastLine(made.stderr || made.stdout)})` };
  process.stdout.write('conformance: installing the peers of test/conformance/requirements.txt ...\n');
  const installed = spawnSync(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--retries', '1', '-r', requirements], { encoding: 'utf8' });
  if (installed.status !== 0) return { missing: `PyPI could not be reached or lacks a package (${lastLine(installed.stderr)})` };
  writeFileSync(complete, '');
  return { python };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** Runs test files; the exit code. */
function mocha(files: readonly string[], timeoutMs: number, env: Readonly<Record<string, string>>, jobs = 1): number {
  const program = join(root, 'node_modules/mocha/bin/mocha.js');
  // --spec of the configuration names the ordinary tests, so it is left out here.
  const run = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', program, '--no-config', '--extension', 'ts', '--timeout', String(timeoutMs), '--forbid-only', ...(jobs > 1 ? ['--parallel', '--jobs', String(jobs)] : []), ...files], {
    cwd: root, stdio: 'inherit', env: { ...process.env, ...env },
  });
  return run.status ?? 1;
}

function runPython(): number {
  const prepared = preparePython();
  if ('missing' in prepared) {
    process.stdout.write(`conformance: not run, ${prepared.missing}\n`);
    return 0;
  }
  const files = readdirSync(join(root, 'test/conformance')).filter((name) => name.endsWith('.test.ts')).sort().map((name) => `test/conformance/${name}`);
  return mocha(files, 300_000, { SPIMQUANT_PYTHON: prepared.python }, 2);
}

function prepare(): number {
  const prepared = preparePython();
  if ('missing' in prepared) process.stdout.write(`conformance: not prepared, ${prepared.missing}\n`);
  return 0;
}

function runPeers(names: readonly string[]): number {
  const known = peers.map(({ id }) => id);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no peer called ${unknown.join(', ')}. Known: ${known.join(', ')}.\n`);
    return 2;
  }
  const code = mocha(['test/conformance/storage/peers.test.ts'], 600_000, names.length === 0 ? {} : { SPIMQUANT_PEERS: names.join(',') });
  const table = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/storageTable.ts')], { stdio: 'inherit' });
  return code === 0 ? (table.status ?? 1) : code;
}

const words = process.argv.slice(2);
if (words[0] === '--prepare') process.exitCode = prepare();
else process.exitCode = words[0] === '--peers' ? runPeers(words.slice(1)) : runPython();
