#!/usr/bin/env node
// Stands in for the editor's program towards @vscode/test-electron: it gets the arguments that a desktop editor would get,
// runs a scenario in a server editor with a headless browser, and ends with 0 only when every phase was green.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startDriver } from './driver.ts';
import { driverPort } from './driver.types.ts';
import { editorHost } from './host.ts';
import { describeResult, isGreen, killExtensionHosts, Phases, type Window } from './phases.ts';
import { pageCommands } from './pageCommands.ts';
import { makeProfile, testSettings } from './profile.ts';
import { endProcesses } from './processes.ts';
import { root } from './paths.ts';
import { readOrders } from './orders.ts';
import { installExtension } from './server.ts';
import { EditorSession } from './session.ts';

const argument = (name: string): string => {
  const found = process.argv.find((word) => word.startsWith(`--${name}=`));
  if (found === undefined) throw new Error(`This program is started by the editor tests, with --${name}.`);
  return found.slice(name.length + 3);
};

async function main(): Promise<boolean> {
  const orders = readOrders(process.env);
  const { scenario } = orders;
  const host = await editorHost();
  const profile = await makeProfile(orders.profile, testSettings, undefined, scenario.severalFolders);
  if (orders.vsix !== undefined) await installExtension(host, profile, orders.vsix);
  const pictures = join(root, 'test/editor/screenshots');
  await mkdir(pictures, { recursive: true });

  const phases = new Phases(scenario, { scenario: scenario.name, files: orders.files, page: true, grep: orders.grep }, (text) => { console.log(text); });
  // The driver's port goes into the editor's environment, so the driver is there first.
  const sessions: EditorSession[] = [];
  await using driver = await startDriver(phases.commands, pageCommands(() => sessions[0].page, pictures));
  await using session = await EditorSession.start({ host, profile, env: { [driverPort]: String(driver.port) } });
  sessions.push(session);

  let reloading = false;
  let failures = 0;
  const window: Window = {
    open: async (onExit) => {
      const options = { developmentPath: argument('extensionDevelopmentPath'), testsPath: argument('extensionTestsPath') };
      if (reloading) await session.reload(onExit);
      else await session.open(options, onExit);
      reloading = false;
    },
    leave: async (how) => {
      if (how === 'killHost') await killExtensionHosts(session.serverPid);
      if (how === 'reopen') await session.close();
      if (how === 'restart') await session.restartServer();
      reloading = how === 'reload' || how === 'killHost';
    },
    onFailure: async () => {
      if (scenario.extension === 'none') return;
      failures += 1;
      await session.page.screenshot({ path: join(pictures, `failed-${scenario.name}-${failures}.png`) });
    },
  };
  const results = await phases.run(window);
  if (!results.every(isGreen) && scenario.extension !== 'none') await session.page.screenshot({ path: join(pictures, `red-${scenario.name}.png`) }).catch(() => undefined);
  await endProcesses(profile.state, delay);
  for (const result of results) console.log(`  ${describeResult(scenario, result)}`);
  if (session.foreign.size > 0) console.log(`  RED   the page asked for addresses elsewhere: ${[...session.foreign].join(', ')}`);
  return results.length === scenario.phases.length && results.every(isGreen) && session.foreign.size === 0;
}

// Said outright, so that nothing that still runs can make it green.
process.exitCode = 1;
process.exit(await main() ? 0 : 1);
