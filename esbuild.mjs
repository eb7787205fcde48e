// Builds dist/: the runner's bundles, in dist/assets the WebAssembly modules and fonts they load, the extension, and in
// dist/webviews the pages and the notebook renderer.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildExtension } from './scripts/build/extension.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const assets = join(dist, 'assets');
const modules = join(root, 'node_modules');

/** Compiles the AssemblyScript kernels of runner/kernels/wasm to one SIMD module. */
async function buildKernels() {
  const entry = join(root, 'runner/kernels/wasm/index.ts');
  const { default: asc } = await import('assemblyscript/asc');
  const { error, stderr } = await asc.main([
    entry, '--outFile', join(assets, 'kernels.wasm'), '-O3', '--enable', 'simd', '--runtime', 'stub',
    '--importMemory', '--sharedMemory', '--maximumMemory', '65536', '--initialMemory', '16', '--enable', 'threads', '--noAssert',
  ]);
  if (error) throw new Error(`Compiling the kernels failed: ${error.message}\n${stderr.toString()}`);
}

/** Files of packages that are read at run time and cannot be bundled, with their licences. */
async function copyAssets() {
  await cp(join(modules, '@resvg/resvg-wasm/index_bg.wasm'), join(assets, 'resvg.wasm'));
  for (const font of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']) {
    await cp(join(modules, 'dejavu-fonts-ttf/ttf', font), join(assets, font));
  }
  const pipelines = join(modules, '@itk-wasm/elastix/dist/pipelines');
  await mkdir(join(assets, 'elastix'), { recursive: true });
  for (const file of ['elastix.js', 'elastix.wasm.zst']) await cp(join(pipelines, file), join(assets, 'elastix', file));
  await mkdir(join(assets, 'licenses'), { recursive: true });
  await cp(join(root, 'webviews/image/niivue.LICENSE.txt'), join(assets, 'licenses/niivue.txt'));
  for (const name of ['dejavu-fonts-ttf', '@itk-wasm/elastix', 'uplot']) {
    await cp(join(modules, name, 'LICENSE'), join(assets, 'licenses', `${name.replace(/^.*\//, '')}.txt`));
  }
}

/** The thread pool starts a worker file of its own, so it stays a package; beside the programs, where an installed extension has it too. */
async function copyThreadPool() {
  const from = join(modules, 'piscina'), to = join(dist, 'node_modules/piscina');
  for (const name of ['package.json', 'LICENSE', 'dist']) {
    await cp(join(from, name), join(to, name), { recursive: true, filter: (file) => !/\.(d\.ts|map)$/.test(file) });
  }
}

/** Names the build after its content: a runner of another build is replaced, and copies of the program are told apart. */
async function markBuild() {
  // The programs are modules also where they are copied to, away from the package.
  await writeFile(join(dist, 'package.json'), '{ "type": "module" }\n');
  const hash = createHash('sha256');
  const files = (await readdir(dist, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const name = relative(dist, file);
    if (!/\.map$|^extension\.|^webviews/.test(name)) hash.update(`${name}\n`).update(await readFile(file));
  }
  await writeFile(join(dist, 'build.txt'), `${hash.digest('hex').slice(0, 16)}\n`);
}

// What an earlier build left behind would go into the package.
await rm(dist, { recursive: true, force: true });
await mkdir(assets, { recursive: true });
await Promise.all([buildKernels(), copyAssets(), copyThreadPool()]);

/** What all bundles have in common. */
const common = { absWorkingDir: root, bundle: true, sourcemap: 'linked', legalComments: 'none', logLevel: 'warning' };

/** Packages that npm has put at several places in one version: the folder of each copy, and that of the copy that stands for all. */
async function copiesOfOne() {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  // Always the same ones, so that equal sources make equal programs.
  const places = Object.keys(packages).filter((place) => place !== '').sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const first = new Map();
  const copies = new Map();
  for (const place of places) {
    const name = `${place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${packages[place].version}`;
    if (first.has(name)) copies.set(join(root, place), join(root, first.get(name)));
    else first.set(name, place);
  }
  return copies;
}

/** Lets each package into the bundle once. Several SDKs bring the same libraries along, and npm nests them where the top has another version. */
const onePackageOnce = {
  name: 'one-package-once',
  async setup(plugins) {
    const copies = await copiesOfOne();
    const resolving = Symbol('resolving');
    plugins.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (pluginData === resolving) return undefined;
      const found = await plugins.resolve(path, { kind, resolveDir, importer, pluginData: resolving });
      const [, folder, below] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)([\\/].*)$/.exec(found.path) ?? [];
      const copy = copies.get(folder);
      return found.errors.length > 0 || copy === undefined ? undefined : { path: copy + below, sideEffects: found.sideEffects };
    });
  },
};

/** What libraries load on demand in cases that never arise here. Whoever gets there all the same is told by name. */
const neverLoaded = {
  'apache-arrow': 'listings of Azure in the Arrow format, which are asked for as XML',
  bowser: 'the names of browsers, for the AWS SDK in pages',
};
const leftOut = (unneeded) => ({
  name: 'left-out',
  setup(plugins) {
    plugins.onResolve({ filter: new RegExp(`^(${Object.keys(unneeded).join('|')})$`) }, ({ path, kind }) => (kind === 'dynamic-import' ? { path, namespace: 'left-out' } : undefined));
    plugins.onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) => ({ contents: `throw new Error(${JSON.stringify(`${path} is left out of this program: ${unneeded[path]}`)});` }));
  },
});

await build({
  ...common,
  entryPoints: { cli: 'runner/cli.ts', run: 'runner/run.ts', task: 'runner/task.ts', server: 'runner/server.ts', worker: 'runner/engine/worker.ts', guard: 'runner/backends/snakemake/guard.ts', explorer: 'runner/explore/worker.ts', viewer: 'runner/server/viewer/worker.ts', tables: 'runner/server/outputs/worker.ts' },
  outdir: dist,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  // Shared parts stand beside the entries, so that paths relative to the program are the same in all of them.
  splitting: true,
  chunkNames: 'part-[hash]',
  external: ['piscina'],
  plugins: [leftOut(neverLoaded), onePackageOnce],
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
});
/**
 * What a machine of a cloud run is sent first, one for each storage service: it fetches the rest. Each is one small file, since a
 * request to start machines is limited in size.
 */
const startStores = { s3: 's3Store', gs: 'gcsStore', az: 'azureStore' };
for (const [scheme, wanted] of Object.entries(startStores)) {
  const others = {
    name: 'one-storage-service',
    setup(plugins) {
      const unwanted = Object.values(startStores).filter((store) => store !== wanted).join('|');
      plugins.onResolve({ filter: new RegExp(`/(${unwanted})\\.ts$`) }, ({ path }) => ({ path, namespace: 'other-service' }));
      plugins.onLoad({ filter: /./, namespace: 'other-service' }, () => ({ contents: 'throw new Error("This program reads from one storage service only.");' }));
    },
  };
  await build({
    ...common,
    sourcemap: false,
    entryPoints: { [`start-${scheme}`]: 'runner/start.ts' },
    outdir: dist,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
    plugins: [others, leftOut(neverLoaded), onePackageOnce],
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  });
}

await buildExtension(common, dist);

/** What pages have in common. */
const pages = { ...common, outdir: join(dist, 'webviews'), platform: 'browser', format: 'esm', target: 'es2022', minify: true, loader: { '.css': 'text' } };

await build({
  ...pages,
  entryPoints: { outputs: 'webviews/outputs/main.ts', renderer: 'webviews/renderer/main.ts', report: 'webviews/report/main.ts', resources: 'webviews/resources/main.ts', result: 'webviews/result/main.ts', run: 'webviews/run/main.ts' },
});
await build({
  ...pages,
  entryPoints: { image: 'webviews/image/main.ts' },
  // The rendering in 3-D brings NiiVue along, ten times as large as all else: it is loaded when somebody asks for it.
  splitting: true,
  chunkNames: 'image-[name]-[hash]',
  plugins: [leftOut(Object.fromEntries(['blosc', 'lz4', 'zstd'].map((codec) => [`numcodecs/${codec}`, 'NiiVue would read zarr arrays with it, which the runner reads here'])))],
});
await markBuild();
