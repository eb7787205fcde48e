// Opens the editor with the extension, the demo dataset and the sample notebook in the browser.
// Usage: npm start [-- --no-open] [--port N] [--folder FOLDER]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { makeDemoWorkspace } from './demoWorkspace.ts';
import { editorHost } from './host.ts';
import { testFolder } from './paths.ts';
import { endProcesses } from './processes.ts';
import { makeProfile, quietSettings } from './profile.ts';
import { installExtension, serverLog, startServer, type EditorServer } from './server.ts';
import { packagedExtension } from './vsix.ts';

// The browser keeps what a window looked like by address: the same port finds it again.
const usualPort = 38420;

const { values } = parseArgs({
  options: { 'no-open': { type: 'boolean', default: false }, port: { type: 'string' }, folder: { type: 'string', default: join(testFolder, 'start') } },
});

/** Shows an address in the person's browser, where there is one. */
function openInBrowser(url: string): void {
  const [program, words] = process.platform === 'win32' ? ['rundll32', ['url.dll,FileProtocolHandler', url]] as const
    : process.platform === 'darwin' ? ['open', [url]] as const
    : ['xdg-open', [url]] as const;
  const child = spawn(program, words, { stdio: 'ignore', detached: true });
  child.on('error', () => { console.log('No browser could be opened: open the address above by hand.'); });
  child.unref();
}

async function listen(options: Parameters<typeof startServer>[0]): Promise<EditorServer> {
  if (values.port !== undefined) return startServer({ ...options, port: Number(values.port) });
  // Where the usual port is taken, by another window of ours perhaps, any other will do.
  return startServer({ ...options, port: usualPort }).catch(() => startServer({ ...options, port: 0 }));
}

const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
const folder = resolve(values.folder);
const host = await editorHost();
const profile = await makeProfile(folder, quietSettings);
const notebook = await makeDemoWorkspace(profile, console.log);
await installExtension(host, profile, packagedExtension());
{
  await using server = await listen({ host, profile, logFile: serverLog(profile) });
  const payload = [['openFile', `vscode-remote://${server.authority}${pathToFileURL(notebook).pathname}`]];
  const url = server.url({ folder: pathToFileURL(profile.workspace).pathname, payload: JSON.stringify(payload) });
  console.log(`\nSPIMquant in VS Code ${host.version}: ${url}\n\nThe profile is kept in ${folder}. Ctrl-C ends the editor, the runner and its runs.`);
  if (!values['no-open']) openInBrowser(url);
  await stop;
}
await endProcesses(profile.state, delay);
process.exit(0);
