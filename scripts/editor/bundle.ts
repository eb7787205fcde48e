import { build } from 'esbuild';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scenario } from '../../test/editor/scenarios.ts';
import { root, testFolder } from './paths.ts';

const source = join(root, 'test/editor');
const entry = 'support/index';

/** Suites as the extension host loads them. */
export interface Suites extends AsyncDisposable {
  /** Module that the editor calls. */
  readonly entry: string;
  filesOf(scenario: Scenario): readonly string[];
}

/** Bundles suites: CommonJS, because they import `vscode`, and inside the checkout, where mocha is found. */
export async function bundleSuites(chosen: readonly Scenario[], all: readonly Scenario[]): Promise<Suites> {
  const named = new Set(all.flatMap(({ suites }) => suites ?? []));
  const others = (await readdir(source)).filter((name) => name.endsWith('.test.ts')).map((name) => name.slice(0, -'.test.ts'.length)).filter((name) => !named.has(name)).sort();
  const sourcesOf = ({ suites }: Scenario): readonly string[] => (suites ?? others).map((name) => (name.includes('/') ? name : `${name}.test`));
  await mkdir(testFolder, { recursive: true });
  const target = await mkdtemp(join(testFolder, 'suites-'));
  const fileOf = (name: string): string => join(target, `${name}.cjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [...new Set([entry, ...chosen.flatMap(sourcesOf)])].map((name) => join(source, `${name}.ts`)),
    outdir: target,
    outbase: source,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  return {
    entry: fileOf(entry),
    filesOf: (scenario) => sourcesOf(scenario).map(fileOf),
    [Symbol.asyncDispose]: () => rm(target, { recursive: true, force: true }),
  };
}
