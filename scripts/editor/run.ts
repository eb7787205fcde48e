// Runs suites in a real editor: npm run test:editor [-- SCENARIO ...] [--grep TEXT] [--keep] [--jobs 2]
// With --prepare the editor is installed, so that it is there when tests begin, and nothing is run.
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { namedScenarios, scenarios, type Scenario } from '../../test/editor/scenarios.ts';
import { bundleSuites, type Suites } from './bundle.ts';
import { runOnDesktop } from './desktop.ts';
import { editorHost } from './host.ts';
import { runInLanes, type Outcomes } from './lanes.ts';
import { writeOrders, type Orders } from './orders.ts';
import { root } from './paths.ts';
import { packagedExtension } from './vsix.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: 'string' }, keep: { type: 'boolean', default: false }, jobs: { type: 'string', default: '2' }, prepare: { type: 'boolean', default: false } },
});
/**
 * Scenarios that may be run once more when all are run: a machine that is busy with other things for seconds is no reason to run
 * an hour of tests anew. What was asked for by name is run once.
 */
const secondAttempts = 2;
const desktop = process.env['SPIMQUANT_TEST_DESKTOP'] === '1';

/** Whether a scenario was green, in the editor that @vscode/test-electron starts. */
async function runScenario(scenario: Scenario, suites: Suites): Promise<boolean> {
  const profile = await mkdtemp(join(tmpdir(), 'spimquant-editor-'));
  const orders: Orders = {
    scenario, profile, grep: values.grep,
    files: suites.filesOf(scenario),
    vsix: scenario.extension === 'vsix' ? packagedExtension() : undefined,
  };
  const options = {
    extensionDevelopmentPath: scenario.extension === 'folder' ? root : join(root, 'test/editor/stub'),
    extensionTestsPath: suites.entry,
  };
  let green = false;
  try {
    if (desktop) green = await runOnDesktop(orders, options, await downloadAndUnzipVSCode());
    else green = await runTests({ ...options, vscodeExecutablePath: fileURLToPath(new URL('shim.ts', import.meta.url)), extensionTestsEnv: writeOrders(orders) }) === 0;
  } catch (error) {
    // runTests throws for every other code than 0; what went wrong has been said by then.
    console.log(`  ${error instanceof Error ? error.message : String(error)}`);
  }
  if (green && !values.keep) await rm(profile, { recursive: true, force: true });
  else console.log(`  Profile, logs and state: ${profile}`);
  return green;
}

/** The scenarios that were asked for; some only by name. */
function chosenScenarios(): readonly Scenario[] {
  if (positionals.length === 0) return scenarios;
  const known = [...scenarios, ...namedScenarios];
  const unknown = positionals.filter((wanted) => !known.some(({ name }) => name === wanted));
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}; there are ${known.map(({ name }) => name).join(', ')}.`);
  return known.filter(({ name }) => positionals.includes(name));
}

async function main(): Promise<boolean> {
  if (values.prepare) {
    await editorHost();
    return true;
  }
  const chosen = chosenScenarios();
  if (chosen.some(({ extension }) => extension !== 'none') && !existsSync(join(root, 'dist/extension.cjs'))) throw new Error('The extension is not built: npm run build.');
  if (!desktop) {
    const host = await editorHost();
    console.log(`VS Code ${host.version} (server) on Node ${process.version}`);
  }
  const { red, unsteady } = positionals.length === 0 ? await runInLanes(chosen, { lanes: Number(values.jobs), secondAttempts, passOn: passedOn() }) : await runByName(chosen);
  if (unsteady.length > 0) console.log(`\nNot green at the first attempt: ${unsteady.join(', ')}.`);
  console.log(red.length === 0 ? `\n${chosen.length === 1 ? 'The scenario is' : `All ${chosen.length} scenarios are`} green.` : `\nRed: ${red.join(', ')}.`);
  return red.length === 0;
}

/** Runs scenarios one after another in this process, once. */
async function runByName(chosen: readonly Scenario[]): Promise<Outcomes> {
  await using suites = await bundleSuites(chosen, [...scenarios, ...namedScenarios]);
  const red: string[] = [];
  for (const scenario of chosen) {
    console.log(`\n${scenario.name}`);
    if (!await runScenario(scenario, suites)) red.push(scenario.name);
  }
  return { red, unsteady: [] };
}

/** Options for a process that runs one scenario. */
function passedOn(): readonly string[] {
  return [...(values.grep === undefined ? [] : ['--grep', values.grep]), ...(values.keep ? ['--keep'] : [])];
}

// Said outright, so that nothing that ends this early makes it green.
process.exitCode = 1;
process.exitCode = await main() ? 0 : 1;
