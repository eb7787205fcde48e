import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

interface Manifest {
  readonly main: string;
  readonly icon: string;
  readonly engines: { readonly vscode: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when?: string }[]>>;
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
    readonly walkthroughs: readonly { readonly steps: readonly { readonly media: { readonly svg: string } }[] }[];
    readonly viewsContainers: { readonly activitybar: readonly { readonly icon: string }[] };
    readonly grammars: readonly { readonly path: string }[];
    readonly languages: readonly { readonly configuration?: string }[];
    readonly notebookRenderer: readonly { readonly entrypoint: string }[];
  };
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

/** All text of the extension's sources. */
function sources(): string {
  const files = readdirSync(join(root, 'extension'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.map((file) => readFileSync(join(root, 'extension', file), 'utf8')).join('\n');
}

describe('The package', function () {
  this.timeout(120_000);
  let files: readonly string[];
  before(async () => { files = await listFiles({ cwd: root, packageManager: PackageManager.None }); });

  it('holds what the manifest names', () => {
    const { contributes } = manifest;
    const named = [
      manifest.main, manifest.icon, ...contributes.viewsContainers.activitybar.map(({ icon }) => icon), ...contributes.grammars.map(({ path }) => path),
      ...contributes.languages.flatMap(({ configuration }) => configuration ?? []), ...contributes.notebookRenderer.map(({ entrypoint }) => entrypoint),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
      'dist/server.js', 'dist/run.js', 'dist/worker.js', 'dist/build.txt', 'dist/assets/kernels.wasm', 'dist/webviews/result.js', 'dist/webviews/report.js', 'dist/webviews/resources.js', 'dist/webviews/run.js', 'dist/webviews/image.js', 'dist/assets/licenses/niivue.txt', 'LICENSE',
      'dist/node_modules/piscina/package.json',
    ].map((path) => path.replace(/^\.\//, ''));
    assert.deepEqual(named.filter((path) => !files.includes(path)), []);
  });

  it('holds no sources, tests, maps or packages besides the thread pool', () => {
    const foreign = files.filter((path) => /\.(?:ts|map|py)$|^(?:runner|webviews|test|scripts|node_modules|\.)/.test(path)
      || (path.includes('node_modules/') && !path.startsWith('dist/node_modules/piscina/')));
    assert.deepEqual(foreign, []);
  });

  it('has the pages of the documentation that are for users, with their pictures', () => {
    const docs = files.filter((path) => path.startsWith('docs/'));
    for (const wanted of ['docs/vscode.md', 'docs/troubleshooting.md', 'docs/images/viewer-dark.png']) assert.ok(docs.includes(wanted), wanted);
    for (const path of docs) assert.match(path, /^docs\/(?:images\/[\w-]+\.png|[\w-]+\.md)$/);
    for (const other of ['docs/architecture.md', 'docs/development.md']) assert.ok(!docs.includes(other), other);
  });

  it('has every part of the extension that another one loads', () => {
    const parts = files.filter((path) => /^dist\/extension\.[^/]*cjs$/.test(path));
    const loaded = parts.flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/require\("\.\/([^"]+)"\)/g)].map(([, name]) => `dist/${name}`));
    assert.ok(loaded.length > 0);
    assert.deepEqual(loaded.filter((path) => !parts.includes(path)), []);
  });

  it('is small: what the extension loads at its start below 250 kB, all of it below 600 kB, each page below 250 kB', () => {
    assert.ok(statSync(join(root, 'dist/extension.cjs')).size < 250_000);
    const parts = files.filter((path) => /^dist\/extension\.[^/]*cjs$/.test(path));
    assert.ok(parts.reduce((sum, path) => sum + statSync(join(root, path)).size, 0) < 600_000);
    const pages = readdirSync(join(root, 'dist/webviews')).filter((file) => file.endsWith('.js'));
    assert.ok(pages.length >= 4);
    // The rendering in 3-D is a large library, which the page loads when it is asked for.
    const rendering = pages.filter((page) => page.startsWith('image-rendering-'));
    assert.equal(rendering.length, 1);
    assert.ok(statSync(join(root, 'dist/webviews', rendering[0])).size < 1_000_000);
    assert.deepEqual(pages.filter((page) => !rendering.includes(page) && statSync(join(root, 'dist/webviews', page)).size >= 250_000), []);
  });

  it('can be built, and the whole stays below 12 MB', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spimquant-vsix-'));
    try {
      const path = join(folder, 'spimquant.vsix');
      await createVSIX({ cwd: root, packagePath: path, dependencies: false, rewriteRelativeLinks: false, allowMissingRepository: true });
      const { size } = statSync(path);
      assert.ok(size > 1e6 && size < 12e6, `${size} bytes`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('speaks the oldest editor\'s language', () => {
    assert.equal(manifest.engines.vscode, `^${manifest.devDependencies['@types/vscode']}`);
  });

  it('has an icon of 128 by 128 pixels', () => {
    const png = readFileSync(join(root, manifest.icon));
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [128, 128]);
  });
});

describe('Commands and settings', () => {
  // What rows do that no menu and no palette shows.
  const internal = ['spimquant.datasets.mend'];
  const contributed = manifest.contributes.commands.map(({ command }) => command);

  it('that are contributed are registered, and the reverse', () => {
    const text = sources();
    // What is asked for rather than registered; ids of views, panels and settings are other words.
    const asked = text.replaceAll(/executeCommand(?:<[^>]*>)?\(\s*'[^']*'/g, '');
    const named = new Set([...asked.matchAll(/'(spimquant\.[A-Za-z0-9.]+)'/g)].map((match) => match[1]));
    // Some are registered for each of a list of verbs.
    const families = [...asked.matchAll(/`(spimquant\.[a-z]+\.)\$\{/g)].map((match) => match[1]);
    assert.deepEqual(contributed.filter((id) => !named.has(id) && !families.some((family) => id.startsWith(family))), []);
    const registered = [...asked.matchAll(/\b(?:registerCommand|onRun|on|command)\(\s*'(spimquant\.[A-Za-z0-9.]+)'/g)].map((match) => match[1]);
    assert.ok(registered.length > 10);
    assert.deepEqual(registered.filter((id) => !contributed.includes(id) && !internal.includes(id)), []);
  });

  it('of menus exist', () => {
    const used = Object.values(manifest.contributes.menus).flat().map(({ command }) => command);
    assert.deepEqual(used.filter((id) => !contributed.includes(id)), []);
  });

  it('that are settings are read by one file alone', () => {
    const ids = Object.keys(manifest.contributes.configuration.properties);
    const one = readFileSync(join(root, 'extension/platform/settings.ts'), 'utf8');
    assert.deepEqual([...one.matchAll(/'(spimquant\.[A-Za-z0-9.]+)'/g)].map((match) => match[1]).sort(), [...ids].sort());
  });
});
