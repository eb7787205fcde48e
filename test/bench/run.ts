// Prints how fast the hot parts are beside their peers, and what segmenting a large volume takes.
// Usage: npm run bench [-- --quick] [NAME ...]
// NAME: reading, blur, thresholds, log, outputs, storage, listing, labelling, viewer, cloud, memory; all when none is given. --quick: an eighth of the large volume.
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { delimiter } from 'node:path';
import { benchBlur } from './blur.ts';
import { benchCloud, type CloudFigures } from './cloud.ts';
import { benchLabelling } from './labelling.ts';
import { benchGlob, benchListing } from './listing.ts';
import { benchLog } from './log.ts';
import { benchMemory, type MemoryFigures } from './memory.ts';
import { benchOutputs } from './outputs.ts';
import { benchReading } from './reading.ts';
import { benchFsRanges, benchRclone, benchStorage } from './storage.ts';
import { benchThresholds } from './thresholds.ts';
import { benchScrolling, benchViewer, type ScrollFigures } from './viewer.ts';
import type { BenchRow } from './benchRow.ts';

interface Comparison {
  readonly name: string;
  /** Python modules that it needs. */
  readonly modules: readonly string[];
  /** A program that it needs. */
  readonly program?: string;
  readonly run: (python: string) => Promise<readonly BenchRow[]>;
}

const comparisons: readonly Comparison[] = [
  { name: 'reading', modules: ['numpy', 'zarr', 'numcodecs'], run: benchReading },
  { name: 'blur', modules: ['numpy', 'scipy'], run: benchBlur },
  { name: 'thresholds', modules: ['numpy', 'skimage', 'sklearn'], run: benchThresholds },
  { name: 'log', modules: [], run: benchLog },
  { name: 'outputs', modules: [], run: benchOutputs },
  { name: 'storage', modules: ['boto3', 'awscli'], run: benchStorage },
  { name: 'storage', modules: ['s3fs', 'aiobotocore'], run: benchFsRanges },
  { name: 'storage', modules: [], program: 'rclone', run: benchRclone },
  { name: 'listing', modules: ['boto3'], run: benchListing },
  { name: 'listing', modules: ['s3fs', 'aiobotocore'], run: benchGlob },
  { name: 'labelling', modules: ['numpy', 'skimage'], run: benchLabelling },
  { name: 'viewer', modules: [], run: benchViewer },
];

/** Interpreters worth asking: the user's choice, which may be several, since some peers cannot live in one environment. */
const pythons: readonly string[] = process.env['SPIMQUANT_PYTHON']?.split(delimiter) ?? ['/usr/bin/python3', 'python3'];

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
  for (const { name, modules, program, run } of comparisons.filter((one) => wanted(one.name))) {
    if (program !== undefined && spawnSync(program, ['--version']).error !== undefined) {
      skipped.push(`${name}: there is no ${program}`);
      continue;
    }
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

/** Lines of a name and what it is. */
function list(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function rate(bytes: number, took: number): string {
  return `${(bytes / 1e6 / took).toFixed(0)} MB/s`;
}

function memoryText(figures: MemoryFigures): string {
  const { rawBytes, size, peakMebibytes, objects, plaques, server } = figures;
  return `\nSegmenting and measuring a channel from a bucket, within 2 GiB\n${list([
    ['volume', `${size.join(' x ')} uint16, ${(rawBytes / 1e9).toFixed(1)} GB`],
    ['peak memory of the process', `${peakMebibytes.toFixed(0)} MiB`],
    ['objects', `${objects} found of ${plaques} plaques`],
    ['segmenting and measuring', `${seconds(figures.segmentSpan)}, ${rate(rawBytes, figures.segmentSpan)} (${seconds(figures.segmentSeconds)} of all threads)`],
    ['whole run', `${seconds(figures.seconds)}, ${rate(rawBytes, figures.seconds)} (${seconds(figures.processorSeconds)} of processor time)`],
    ['computing the voxels (test server)', `${seconds(server.generating)}, ${rate(rawBytes, server.generating)} (${seconds(server.processor)} of processor time with serving them)`],
  ])}`;
}

function scrollText({ rawBytes, slices, seconds: took, runnerMebibytes, pageMebibytes }: ScrollFigures): string {
  return `\nScrolling through an image in a bucket at its finest level\n${list([
    ['image', `${(rawBytes / 1e9).toFixed(1)} GB`],
    ['slices of 1024 x 1024', `${slices} in ${seconds(took)}, computing the voxels (test server) included`],
    ['peak memory of the runner', `${runnerMebibytes.toFixed(0)} MiB`],
    ['peak of pieces in the page', `${pageMebibytes.toFixed(0)} MiB`],
  ])}`;
}

async function scrolling(quick: boolean, skipped: string[]): Promise<void> {
  if (process.platform !== 'linux') {
    skipped.push('viewer, scrolling: the peak of a process is read from /proc, which only Linux has');
    return;
  }
  try {
    console.log(scrollText(await benchScrolling(quick)));
  } catch (error) {
    skipped.push(`viewer, scrolling: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

function cloudText(few: CloudFigures, many: CloudFigures): string {
  const each = ({ planSeconds, followSeconds, participants }: CloudFigures): number => (planSeconds + followSeconds) / participants;
  const row = (of: CloudFigures): readonly string[] => [
    of.participants.toLocaleString('en'), '', String(of.jobs), of.hours.toFixed(1), seconds(of.planSeconds), seconds(of.followSeconds), (of.coiledRequests / of.hours).toFixed(0), (of.listings / of.hours).toFixed(0), (of.reads / of.segments).toFixed(2),
    `${(of.journalBytes / 1e6).toFixed(1)} MB`, `${(of.peakBytes / 2 ** 20).toFixed(0)} MiB`,
  ];
  return `\nPlanning and following participants on machines of a cloud, in simulated time (processor seconds)\n${table([
    ['participants', '', 'jobs', 'hours', 'planning', 'following', 'requests an hour', 'listings an hour', 'reads of a segment', 'journal', 'heap'], row(few), row(many),
  ])}\nProcessor time of a participant among many, of that among few: ${(each(many) / each(few)).toFixed(2)}`;
}

async function cloud(quick: boolean, skipped: string[]): Promise<void> {
  try {
    console.log(cloudText(await benchCloud(1000), await benchCloud(quick ? 3000 : 10_000)));
  } catch (error) {
    skipped.push(`cloud: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function memory(quick: boolean, skipped: string[]): Promise<void> {
  if (process.platform !== 'linux') {
    skipped.push('memory: the peak of a process is read from /proc, which only Linux has');
    return;
  }
  try {
    console.log(memoryText(await benchMemory(quick)));
  } catch (error) {
    skipped.push(`memory: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

const quick = process.argv.includes('--quick');
const names = process.argv.slice(2).filter((word) => word !== '--quick');
const known = [...new Set(comparisons.map((one) => one.name)), 'cloud', 'memory'];
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no bench called ${unknown.join(', ')}. Known: ${known.join(', ')}, and --quick.`);
  process.exitCode = 2;
} else {
  const wanted = (name: string): boolean => names.length === 0 || names.includes(name);
  const skipped: string[] = [];
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`);
  await compare(wanted, skipped);
  if (wanted('viewer')) await scrolling(quick, skipped);
  if (wanted('cloud')) await cloud(quick, skipped);
  if (wanted('memory')) await memory(quick, skipped);
  if (skipped.length > 0) console.log(`\nNot run, or failed:\n${skipped.map((line) => `- ${line}`).join('\n')}`);
}
