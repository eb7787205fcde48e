import { build } from 'esbuild';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root, testFolder } from './paths.ts';

const source = join(root, 'test/editor');
const target = join(testFolder, 'suites');

/**
 * Bundles suites and the module that the extension host runs them by: CommonJS, because suites import `vscode`.
 *
 * @param names - suites below `test/editor`, without `.ts`; default: all `*.test.ts`
 * @returns the bundled suites
 */
export async function bundleSuites(names?: readonly string[]): Promise<readonly string[]> {
  const suites = names ?? (await readdir(source)).filter((name) => name.endsWith('.test.ts')).map((name) => name.slice(0, -3)).sort();
  await rm(target, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['support/index', ...suites].map((name) => join(source, `${name}.ts`)),
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
  return suites.map((name) => join(target, `${name}.cjs`));
}
