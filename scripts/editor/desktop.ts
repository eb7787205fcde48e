// The same suites in a desktop editor, where one can be downloaded. Its page cannot be reached: looks at it are left out.
import { resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron';
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { startDriver } from './driver.ts';
import { driverPort } from './driver.types.ts';
import type { Orders } from './orders.ts';
import { describeResult, isGreen, Phases } from './phases.ts';
import { endProcesses } from './processes.ts';
import { makeProfile, testSettings } from './profile.ts';

/** Whether a scenario was green. Every phase is a start of the editor on the same profile. */
export async function runOnDesktop(orders: Orders, paths: { readonly extensionDevelopmentPath: string; readonly extensionTestsPath: string }, program: string): Promise<boolean> {
  const { scenario } = orders;
  const profile = await makeProfile(orders.profile, testSettings, undefined, scenario.severalFolders);
  const profileArguments = ['--user-data-dir', profile.userData, '--extensions-dir', profile.extensions];
  if (orders.vsix !== undefined) {
    const [cli, ...words] = resolveCliArgsFromVSCodeExecutablePath(program, { reuseMachineInstall: true });
    const installed = spawnSync(cli, [...words, ...profileArguments, '--install-extension', orders.vsix, '--force'], { encoding: 'utf8', shell: process.platform === 'win32' });
    if (installed.status !== 0) throw new Error(`The editor did not install ${orders.vsix}:\n${installed.stderr}`);
  }
  const phases = new Phases(scenario, { scenario: scenario.name, files: orders.files, page: false, grep: orders.grep }, (text) => { console.log(text); });
  // Asked for its answer to `summary`, the driver lets every phase end by itself: the next one is a new start.
  await using driver = await startDriver({ ...phases.commands, summary: async (summary) => { await phases.commands.summary(summary); return true; } }, undefined);
  const results = await phases.run({
    open: async (onExit) => {
      const options = { ...paths, vscodeExecutablePath: program, launchArgs: [profile.workspace, ...profileArguments], extensionTestsEnv: { ...profile.env, [driverPort]: String(driver.port) } };
      void runTests(options).then(onExit, () => { onExit(1); });
    },
    leave: async () => undefined,
    onFailure: async () => undefined,
  });
  await endProcesses(profile.state, delay);
  for (const result of results) console.log(`  ${describeResult(scenario, result)}`);
  return results.length === scenario.phases.length && results.every(isGreen);
}
