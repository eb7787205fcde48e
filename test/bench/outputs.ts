import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tsvParse } from 'd3-dsv';
import { OutputsService } from '../../runner/outputs/service.ts';
import { seededRandom } from '../../runner/phantom/random.ts';
import type { TablePage, TableQuery } from '../../runner/protocol/outputs.ts';
import { openStore } from '../../runner/storage/open.ts';
import type { BenchRow } from './benchRow.ts';

const rows = 100_000;
const path = 'sub-01/tabular/sub-01_regionpropstats.tsv';
const rounds = 5;

/** A table as the pipeline writes them of objects: places, sizes, region and stain. */
function table(): string {
  const random = seededRandom(1);
  const lines = ['index\tname\tstain\tnvoxels\tpos_x\tpos_y\tpos_z\tvalue'];
  for (let i = 0; i < rows; i++) {
    const region = Math.floor(random() * 600);
    lines.push([region, `region ${region}`, random() < 0.5 ? 'Abeta' : 'Iba1', Math.floor(random() * 5000), random() * 12, random() * 9, random() * 7, random()].join('\t'));
  }
  return `${lines.join('\n')}\n`;
}

async function best(work: () => Promise<unknown>): Promise<number> {
  let seconds = Infinity;
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await work();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return seconds;
}

type Row = Readonly<Record<string, string | undefined>>;

/** The panel's way with a table, beside that of a page that parses all of it and works on its rows. */
export async function benchOutputs(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-bench-outputs-'));
  try {
    const file = join(folder, 'table.tsv');
    await writeFile(file, table());
    const signal = new AbortController().signal;
    const store = openStore(folder);
    await store.write(path, await readFile(file));
    const ask = (service: OutputsService, query: TableQuery, from: number): Promise<TablePage> =>
      service.answer('outputs.rows', { folder: { uri: folder, storage: {} }, path, query, from, count: 200 }, signal);
    const fresh = (): OutputsService => new OutputsService({ storeOf: () => store, onFailure: () => undefined });
    const whole: TableQuery = { search: '', filters: [], sort: [] };
    const opening = await best(() => ask(fresh(), whole, 0));
    const peerOpening = await best(async () => tsvParse(await readFile(file, 'utf8')).slice(0, 200));

    const service = fresh();
    await ask(service, whole, 0);
    const parsed: readonly Row[] = tsvParse(await readFile(file, 'utf8'));
    // Another bound each time: an answer that is kept would be no measure.
    let bound = 0;
    const query = (): TableQuery => ({ search: '', filters: [{ column: 'stain', test: 'eq', value: 'Abeta' }, { column: 'nvoxels', test: 'gt', value: String(bound) }], sort: [{ column: 'name', descending: false }, { column: 'value', descending: true }] });
    const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
    const peerRows = (): readonly Row[] => parsed.filter((row) => row['stain'] === 'Abeta' && Number(row['nvoxels']) > bound)
      .sort((a, b) => collator.compare(a['name'] ?? '', b['name'] ?? '') || Number(b['value']) - Number(a['value']));
    const ours = await ask(service, query(), 0);
    const theirs = peerRows();
    if (ours.matched !== theirs.length || ours.rows[0][7] !== Number(theirs[0]['value']) || ours.rows[199][7] !== Number(theirs[199]['value'])) throw new Error('Both sides do not find the same rows.');
    const sorting = await best(() => { bound += 1; return ask(service, query(), 0); });
    const peerSorting = await best(async () => { bound += 1; return peerRows().slice(0, 200); });
    const last = query();
    await ask(service, last, 0);
    let at = 0;
    const next = await best(async () => { for (let i = 0; i < 50; i++) await ask(service, last, at += 200); });
    // A page without a runner slices what it holds, and makes cells of it.
    const held = peerRows();
    let place = 0;
    const peerNext = await best(async () => { for (let i = 0; i < 50; i++) held.slice(place += 200, place + 200).map((row) => Object.values(row)); });
    return [
      { name: `table of ${rows.toLocaleString('en-US')} rows, opened`, peer: 'd3-dsv', oursSeconds: opening, peerSeconds: peerOpening },
      { name: 'filtered by two columns, sorted by two', peer: 'Array filter, sort', oursSeconds: sorting, peerSeconds: peerSorting },
      { name: 'next 200 rows, 50 times', peer: 'Array slice', oursSeconds: next, peerSeconds: peerNext },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
