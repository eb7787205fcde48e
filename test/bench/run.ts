// Prints how fast the hot parts are beside their peers, and what segmenting a large volume takes.
// Usage: npm run bench [-- NAME ...]      NAME: reading, blur, thresholds, labelling, memory. Default: all.
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { benchBlur } from './blur.ts';
import { benchLabelling } from './labelling.ts';
import { benchMemory } from './memory.ts';
import { benchReading } from './reading.ts';
import { benchThresholds } from './thresholds.ts';
import type { BenchRow } from './benchRow.ts';

interface Comparison {
  readonly name: string;
  /** Python modules that it needs. */
  readonly modules: readonly string[];
  readonly run: (python: string) => Promise<readonly BenchRow[]>;
}

const comparisons: readonly Comparison[] = [
  { name: 'reading', modules: ['numpy', 'zarr', 'numcodecs'], run: benchReading },
  { name: 'blur', modules: ['numpy', 'scipy'], run: benchBlur },
  { name: 'thresholds', modules: ['numpy', 'skimage', 'sklearn'], run: benchThresholds },
  { name: 'labelling', modules: ['numpy', 'skimage'], run: benchLabelling },
];

/** Interpreters worth asking, the user's choice first. */
const pythons: readonly string[] = process.env['SPIMQUANT_PYTHON'] === undefined
  ? ['/usr/bin/python3', 'python3']
  : [process.env['SPIMQUANT_PYTHON']];

/** The first interpreter that has all the modules, or what the last one lacks. */
function pythonWith(modules: readonly string[]): { readonly python: string } | { readonly missing: string } {
  let missing = 'no Python was found';
  for (const python of pythons) {
    const check = 'import sys, importlib.util as u; print(",".join(m for m in sys.argv[1:] if u.find_spec(m) is None))';
    const found = spawnSync(python, ['-c', check, ...modules], { encoding: 'utf8' });
    if (found.status !== 0) continue;
    if (found.stdout.trim() === '') return { python };
    missing = `${python} lacks ${found.stdout.trim().replaceAll(',', ', ')}`;
  }
  return { missing };
}

function seconds(value: number): string {
  return value >= 1 ? `${value.toFixed(2)} s` : value >= 0.001 ? `${(value * 1000).toFixed(1)} ms` : `${(value * 1e6).toFixed(0)} µs`;
}

/** Lines of columns that are as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ')).join('\n');
}

async function compare(wanted: (name: string) => boolean, skipped: string[]): Promise<void> {
  const rows: BenchRow[] = [];
  for (const { name, modules, run } of comparisons.filter((one) => wanted(one.name))) {
    const found = pythonWith(modules);
    if ('missing' in found) {
      skipped.push(`${name}: ${found.missing}`);
      continue;
    }
    try {
      rows.push(...(await run(found.python)));
    } catch (error) {
      skipped.push(`${name}: ${error instanceof Error ? error.message.split('\n').filter((line) => line.trim() !== '').at(-1) ?? '' : String(error)}`);
      process.exitCode = 1;
    }
  }
  if (rows.length === 0) return;
  const cells = rows.map((row) => [row.name, row.peer, seconds(row.oursSeconds), seconds(row.peerSeconds), `${(row.peerSeconds / row.oursSeconds).toFixed(2)}x`]);
  console.log(table([['what', 'peer', 'here', 'peer', 'faster by'], ...cells]));
}

async function memory(skipped: string[]): Promise<void> {
  if (process.platform !== 'linux') {
    skipped.push('memory: the peak of a process is read from /proc, which only Linux has');
    return;
  }
  try {
    const figures = await benchMemory();
    console.log(`\nSegmenting and measuring ${figures.rawGigabytes.toFixed(1)} GB of voxels from a bucket: ${figures.seconds.toFixed(0)} s, ` +
      `${figures.megabytesPerSecond.toFixed(0)} MB/s, peak memory ${figures.peakMebibytes.toFixed(0)} MiB, ${figures.objects} objects found of ${figures.plaques} plaques.`);
  } catch (error) {
    skipped.push(`memory: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

const names = process.argv.slice(2);
const known = [...comparisons.map((one) => one.name), 'memory'];
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no bench called ${unknown.join(', ')}. Known: ${known.join(', ')}.`);
  process.exitCode = 2;
} else {
  const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
  const skipped: string[] = [];
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`);
  await compare(wanted, skipped);
  if (wanted('memory')) await memory(skipped);
  if (skipped.length > 0) console.log(`\nNot run:\n${skipped.map((line) => `- ${line}`).join('\n')}`);
}
