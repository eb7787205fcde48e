// Builds the extension: what it needs at its start in one file, and each thing that its sources import on demand
// (`await import(…)`) in a file of its own, since compiling takes time even where nothing is called.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * The editor's API as it is handed out. As an ES module it would be copied, property by property, for every file that
 * imports it: a third of the time that the extension takes to load.
 */
const editorApi = {
  name: 'editor-api',
  setup(plugins) {
    plugins.onLoad({ filter: /[\\/]extension[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/^import \* as vscode from 'vscode';$/m, "const vscode = require('vscode');"),
      loader: 'ts',
    }));
  },
};

/** Cuts the sources into parts: ES modules by their file names, each with the parts that it imports. Only ES modules can be cut. */
async function cut(common, entry) {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: { extension: entry },
    outdir: 'parts',
    platform: 'node',
    format: 'esm',
    target: 'node22',
    splitting: true,
    chunkNames: 'extension.[name]-[hash]',
    external: ['vscode'],
    plugins: [editorApi],
    sourcemap: 'inline',
    write: false,
    metafile: true,
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path, '.js'), text]));
  const importsOf = (kind) => new Map(Object.entries(metafile.outputs).map(([path, { imports }]) => (
    [basename(path, '.js'), imports.filter((each) => each.kind === kind && !each.external).map((each) => basename(each.path, '.js'))]
  )));
  return { texts, imports: importsOf('import-statement'), onDemand: new Set([...importsOf('dynamic-import').values()].flat()) };
}

/** All parts that are loaded with one part. */
function loadedWith(name, imports) {
  const found = new Set([name]);
  for (const each of found) for (const other of imports.get(each) ?? []) found.add(other);
  return found;
}

/**
 * Writes `extension.cjs` and its parts. The editor loads CommonJS: the parts are rewritten. Those that the start loads in any
 * case are in its one file, where the others find them: every further file would take time.
 *
 * @param common options of every bundle
 * @param outdir folder of the bundles
 */
export async function buildExtension(common, outdir) {
  const { texts, imports, onDemand } = await cut(common, 'extension/main.ts');
  const start = loadedWith('extension', imports);
  const needed = new Set([...onDemand].flatMap((name) => [...loadedWith(name, imports)]));
  const shared = [...start].filter((name) => needed.has(name));
  const main = [
    "export * from 'part:extension';",
    ...shared.map((name, index) => `import * as part${index} from 'part:${name}';`),
    `export const parts = { ${shared.map((name, index) => `'${name}': part${index}`).join(', ')} };`,
  ].join('\n');

  const parts = {
    name: 'parts',
    setup(plugins) {
      const nameOf = (path) => basename(path).replace(/^part:/, '').replace(/\.js$/, '');
      plugins.onResolve({ filter: /^\.\/extension\.cjs$/ }, ({ path }) => ({ path, external: true }));
      plugins.onResolve({ filter: /^(part:|start$|\.\/extension\.)/ }, ({ path, kind, importer, namespace }) => {
        const name = nameOf(path);
        if (kind === 'entry-point') return { path: name, namespace: name === 'start' ? 'start' : 'part' };
        if (kind === 'dynamic-import') return { path: `./${name}.cjs`, external: true };
        // Within the first file a part is a part; from the others it is looked up there.
        const inStart = namespace === 'start' || start.has(importer);
        if (start.has(name)) return { path: name, namespace: inStart ? 'part' : 'from-start' };
        return { path: `./${name}.cjs`, external: true };
      });
      plugins.onLoad({ filter: /./, namespace: 'start' }, () => ({ contents: main, loader: 'js' }));
      plugins.onLoad({ filter: /./, namespace: 'part' }, ({ path }) => ({ contents: texts.get(path), loader: 'js' }));
      plugins.onLoad({ filter: /./, namespace: 'from-start' }, ({ path }) => ({ contents: `module.exports = require('./extension.cjs').parts['${path}'];`, loader: 'js' }));
    },
  };
  await build({
    ...common,
    entryPoints: { extension: 'start', ...Object.fromEntries([...texts.keys()].filter((name) => !start.has(name)).map((name) => [name, `part:${name}`])) },
    outdir,
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    minify: true,
    external: ['vscode'],
    // Required when it is needed, as all else of the extension is.
    supported: { 'dynamic-import': false },
    plugins: [parts],
  });
}
