// A VS Code server build, from npm alone: the package code-server carries the editor for the browser and its extension host.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { testFolder } from './paths.ts';

const name = 'code-server';
const version = '4.139.1';
const sha256 = '75b76d3870dbcb7a4c08627f586a03344ca017be182171020c7405bdb6f2fb33';
/** Native modules worth building: without them output channels stay empty, and orphaned extension hosts linger. */
const natives = ['@vscode/spdlog', '@vscode/native-watchdog'];

/** An editor that can be started. */
export interface EditorHost {
  /** Program of the server, to be run by {@link node}. */
  readonly server: string;
  readonly node: string;
  readonly version: string;
}

/**
 * The editor, installed into `.vscode-test/` when it is not there yet. `$SPIMQUANT_TEST_EDITOR` names a folder with an unpacked,
 * installed copy to be used instead.
 *
 * @param say - told what is being done, when it takes long
 */
export async function editorHost(say: (text: string) => void = console.log): Promise<EditorHost> {
  const ready = process.env['SPIMQUANT_TEST_EDITOR'];
  if (ready !== undefined && ready !== '') return hostIn(ready);
  const folder = join(testFolder, `${name}-${version}`);
  if (!existsSync(join(folder, 'complete.json'))) await install(folder, say);
  return hostIn(folder);
}

async function hostIn(folder: string): Promise<EditorHost> {
  const server = join(folder, 'lib/vscode/out/server-main.js');
  if (!existsSync(server)) throw new Error(`${folder} holds no editor: ${server} is missing.`);
  const product = JSON.parse(await readFile(join(folder, 'lib/vscode/package.json'), 'utf8')) as { version: string };
  return { server, node: process.execPath, version: product.version };
}

/**
 * Installs into a folder of this process alone and gives it its name at the end. What is interrupted leaves no complete
 * editor behind, and of two installations at once the first to end stays.
 */
async function install(folder: string, say: (text: string) => void): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(dirname(folder), basename(folder));
  const part = `${folder}.part-${process.pid}`;
  say(`Getting ${name} ${version} for ${folder}. This is done once and takes a minute or two.`);
  try {
    await mkdir(part, { recursive: true });
    await run('npm', ['pack', '--silent', `${name}@${version}`], part);
    const archive = join(part, `${name}-${version}.tgz`);
    const found = await digest(archive);
    if (found !== sha256) throw new Error(`${name}-${version}.tgz is not the file that it should be: its sha256 is ${found}.`);
    // Names without folders: a path with a drive's colon would mean another machine to tar.
    await run('tar', ['-xzf', basename(archive), '--strip-components=1'], part);
    await rm(archive);
    const vscode = join(part, 'lib/vscode');
    await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'], vscode);
    const built = await buildNatives(vscode, say);
    await writeFile(join(part, 'complete.json'), `${JSON.stringify({ name, version, sha256, node: process.version, natives: built }, null, 2)}\n`);
    await moveInto(part, folder);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Renames; when another process was quicker, its folder stays. */
async function moveInto(part: string, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'complete.json'))) await rm(folder, { recursive: true, force: true });
  try {
    await rename(part, folder);
  } catch (error) {
    if (!existsSync(join(folder, 'complete.json'))) throw error;
  }
}

/** Removes what installations that were ended half-way left behind. */
async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    const pid = entry.startsWith(`${prefix}.part-`) ? Number(entry.slice(prefix.length + 6)) : NaN;
    if (!Number.isNaN(pid) && !isAlive(pid)) await rm(join(parent, entry), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Builds the native modules where a compiler is there; the editor starts without them too. */
async function buildNatives(vscode: string, say: (text: string) => void): Promise<boolean> {
  const node = dirname(dirname(process.execPath));
  // Headers of the Node that runs the editor: another version's would make modules that it cannot load.
  const env: Record<string, string> = existsSync(join(node, 'include/node/node.h')) ? { npm_config_nodedir: node } : {};
  try {
    await run('npm', ['rebuild', ...natives, '--loglevel=error'], vscode, env);
    return true;
  } catch (error) {
    say(`Native modules of the editor were not built (${(error as Error).message.split('\n')[0]}). Texts of output channels will not show.`);
    return false;
  }
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Runs a program; what it writes is shown only when it fails. */
async function run(program: string, words: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const child = spawn(program, words, {
    cwd,
    // npm is a script on Windows, which only a shell can start.
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...outerEnvironment(), PATH: `${dirname(process.execPath)}${process.platform === 'win32' ? ';' : ':'}${process.env['PATH'] ?? ''}`, ...env },
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => { output += data.toString(); });
  child.stderr.on('data', (data: Buffer) => { output += data.toString(); });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${code ?? 'a signal'}:\n${output.slice(-4000)}`);
}

/** The environment without what an npm script adds, which would count as options of the npm that is started here. */
function outerEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_(config_(local_prefix|omit|save|ignore)|package|lifecycle|command|execpath|node_execpath)/i.test(key)));
}
