// Builds dist/: the runner's bundles, and in dist/assets the WebAssembly modules and fonts they load.
import { build } from 'esbuild';
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  for (const name of ['dejavu-fonts-ttf', '@itk-wasm/elastix']) {
    await cp(join(modules, name, 'LICENSE'), join(assets, 'licenses', `${name.replace(/^.*\//, '')}.txt`));
  }
}

await mkdir(assets, { recursive: true });
await Promise.all([buildKernels(), copyAssets()]);
await build({
  absWorkingDir: root,
  entryPoints: { cli: 'runner/cli.ts', worker: 'runner/engine/worker.ts' },
  outdir: dist,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  sourcemap: 'linked',
  legalComments: 'none',
  // The thread pool starts a worker file of its own, which must stay where its package is.
  external: ['piscina'],
  logLevel: 'warning',
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
});
