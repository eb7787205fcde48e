// Run by the editor inside its extension host: loads the suites of the phase and tells the driver how they went.
import type Mocha from 'mocha';
import { createRequire } from 'node:module';
import { blindLooks, callDriver } from './driver.ts';
import { enterPhase } from './phase.ts';

const testTimeoutMs = 90_000;
const load = createRequire(__filename);

/** Called by the editor; resolves when all tests have passed. */
export async function run(): Promise<void> {
  const { default: MochaClass } = await import('mocha');
  const info = await callDriver('phase');
  enterPhase(info);
  const mocha = new MochaClass({ ui: 'bdd', timeout: testTimeoutMs, forbidOnly: true, forbidPending: true });
  if (info.grep !== undefined) mocha.fgrep(info.grep);
  for (const file of info.files) {
    // As mocha itself loads a file, but by the require that knows the module `vscode`.
    mocha.suite.emit('pre-require', globalThis, file, mocha);
    mocha.suite.emit('require', load(file), file, mocha);
    mocha.suite.emit('post-require', globalThis, file, mocha);
  }
  // A picture of a failure is taken before the next test changes what there is to see.
  mocha.rootHooks({
    async afterEach(this: Mocha.Context) {
      if (this.currentTest?.state === 'failed') await callDriver('failed', { title: this.currentTest.fullTitle() });
    },
  });
  // The reporter that says nothing: what there is to say goes to the driver.
  mocha.reporter(MochaClass.reporters.Base);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const runner = mocha.run(() => { resolve(undefined); });
  const reports: Promise<unknown>[] = [];
  let passes = 0, failures = 0;
  runner.on('pass', (test) => {
    passes += 1;
    reports.push(callDriver('report', { text: `✔ ${test.fullTitle()} (${test.duration ?? 0} ms)` }));
  });
  runner.on('fail', (test, error: Error) => {
    failures += 1;
    reports.push(callDriver('report', { text: `✘ ${test.fullTitle()}\n${error.stack ?? error.message}` }));
  });
  await promise;
  await Promise.all(reports);
  const end = await callDriver('summary', { passes, failures, blind: blindLooks() });
  // What comes next happens to a living extension host, as it does to a user's.
  if (!end) await new Promise(() => undefined);
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}
