// Runs the suites in a real editor: npm run test:editor [-- SCENARIO ...] [--grep TEXT] [--red]
import { runTests, downloadAndUnzipVSCode } from '@vscode/test-electron';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { redScenarios, scenarios, type Scenario } from '../../test/editor/scenarios.ts';
import { bundleSuites } from './bundle.ts';
import { runOnDesktop } from './desktop.ts';
import { editorHost } from './host.ts';
import { writeOrders, type Orders } from './orders.ts';
import { root, testFolder } from './paths.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: 'string' }, red: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
});
const desktop = process.env['SPIMQUANT_TEST_DESKTOP'] === '1';
const vsix = join(testFolder, 'spimquant.vsix');

/** Whether a scenario was green, in the editor that @vscode/test-electron starts. */
async function runScenario(scenario: Scenario, files: readonly string[]): Promise<boolean> {
  const profile = await mkdtemp(join(tmpdir(), 'spimquant-editor-'));
  const orders: Orders = { scenario, files, profile, grep: values.grep, vsix: scenario.extension === 'vsix' ? vsix : undefined };
  const options = {
    extensionDevelopmentPath: scenario.extension === 'folder' ? root : join(root, 'test/editor/stub'),
    extensionTestsPath: join(testFolder, 'suites/support/index.cjs'),
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

/** Every scenario that must be red is red, and says why in its way. */
async function checkRed(): Promise<boolean> {
  const files = await bundleSuites(redScenarios.flatMap(({ suites }) => suites ?? []));
  const wrong: string[] = [];
  for (const scenario of redScenarios) {
    console.log(`\n${scenario.name} (must be red)`);
    if (await runScenario(scenario, files.filter((file) => (scenario.suites ?? []).some((suite) => file.endsWith(`${suite}.cjs`))))) wrong.push(scenario.name);
  }
  if (wrong.length > 0) console.log(`\nThese were green although they must be red: ${wrong.join(', ')}.`);
  else console.log(`\nAll ${redScenarios.length} scenarios that must be red are red.`);
  return wrong.length === 0;
}

async function checkAll(): Promise<boolean> {
  if (!existsSync(join(root, 'dist/extension.cjs'))) throw new Error('The extension is not built: npm run build.');
  const chosen = positionals.length === 0 ? scenarios : scenarios.filter(({ name }) => positionals.includes(name));
  if (chosen.length === 0) throw new Error(`There is no scenario ${positionals.join(', ')}; there are ${scenarios.map(({ name }) => name).join(', ')}.`);
  const claimed = new Set(scenarios.flatMap(({ suites }) => suites ?? []));
  const suites = await bundleSuites();
  const red: string[] = [];
  for (const scenario of chosen) {
    const files = suites.filter((file) => scenario.suites === undefined ? !claimed.has(nameOf(file)) : scenario.suites.includes(nameOf(file)));
    console.log(`\n${scenario.name}`);
    if (!await runScenario(scenario, files)) red.push(scenario.name);
  }
  console.log(red.length === 0 ? `\nAll ${chosen.length} scenarios are green.` : `\nRed: ${red.join(', ')}.`);
  return red.length === 0;
}

function nameOf(file: string): string {
  return file.slice(join(testFolder, 'suites/').length).replace(/\.test\.cjs$/, '');
}

if (!desktop) {
  const host = await editorHost();
  console.log(`VS Code ${host.version} (server) on Node ${process.version}`);
}
const version = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
console.log(`SPIMquant ${version.version}`);
process.exitCode = await (values.red ? checkRed() : checkAll()) ? 0 : 1;
