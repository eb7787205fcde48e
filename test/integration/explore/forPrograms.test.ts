import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleCommands, exampleData, withExamples, writeExampleData } from '../../../scripts/exploringExamples.ts';
import type { CheckData, EntriesData, ExploreData, ImageData, ImagesData } from '../../../runner/protocol/exploreData.ts';
import { spimquant } from '../../../scripts/demo/command.ts';

const page = readFileSync(new URL('../../../docs/exploring.md', import.meta.url), 'utf8');

/** Keys by their paths, as the page writes them; keys that are names of columns and the like are NAME. */
function pathsOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object')) return value.flatMap((item) => pathsOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]: readonly [string, unknown]) => {
    const named = ['images[].entities', 'images[].columns'].includes(path);
    return pathsOf(inner, `${path}${path === '' ? '' : '.'}${named ? 'NAME' : key}`);
  });
}

/** Keys that the page describes for a kind of answer. */
function describedKeys(kind: string): readonly string[] {
  const section = new RegExp(`^### ${kind}: [^]*?(?=^##)`, 'm').exec(page)?.[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key);
}

describe('answers for programs', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'spimquant-programs-'));
  const answers: ExploreData[] = [];
  const ask = async <T extends ExploreData>(command: string): Promise<T> => {
    const data = await exampleData(command, folder);
    answers.push(data);
    return data as T;
  };
  before(() => writeExampleData(folder));
  after(() => rm(folder, { recursive: true, force: true }));

  it('are in docs/exploring.md as they are: node scripts/with-node.mjs scripts/exploringExamples.ts writes them anew', async () => {
    assert.equal(page, await withExamples(page, folder));
    for (const command of exampleCommands) await ask(command);
  });

  it('count in numbers, and lead from page to page', async () => {
    const [image] = exampleCommands.filter((command) => command.includes('info') && command.includes('zarr'));
    const { extentMm, levels, bytes } = await ask<ImageData>(image);
    assert.deepEqual(extentMm, levels[0].size.map((voxels, axis) => Number((voxels * levels[0].voxelSizeMm[axis]).toPrecision(12))));
    assert.equal(bytes, levels.reduce((sum, level) => sum + level.size[0] * level.size[1] * level.size[2] * 2 * 2, 0));
    const first = await ask<ImagesData>('spimquant ls /data/bids --limit 1');
    const second = await ask<ImagesData>(`spimquant ls /data/bids --limit 1 --after ${first.next ?? ''}`);
    assert.deepEqual([first, second].flatMap(({ images }) => images.map(({ participant }) => participant)), ['01', '02']);
    assert.deepEqual([first.participants, second.participants, second.next], [{ listed: 1, after: 1, more: false }, { listed: 1, after: 0, more: false }, null]);
    const entries = await ask<EntriesData>('spimquant ls /data/scans --limit 1');
    assert.deepEqual([entries.entries.length, entries.folders, entries.files, entries.bytes], [1, 1, 1, 2048]);
    const rest = await ask<EntriesData>(`spimquant ls /data/scans --after ${entries.next ?? ''}`);
    assert.deepEqual([...entries.entries, ...rest.entries].map(({ name }) => name).sort(), ['protocol.pdf', 'raw/']);
  });

  it('tell what is wrong, and where', async () => {
    const bids = join(folder, 'bids');
    await mkdir(join(bids, 'sub-0_3'));
    await appendFile(join(bids, 'participants.tsv'), 'sub-09\tn/a\n');
    await rename(join(bids, 'sub-02', 'micr', 'sub-02_sample-brain_acq-phantom_SPIM.ome.zarr', '.zattrs'), join(bids, 'sub-02', 'zattrs'));
    await mkdir(join(bids, 'derivatives', 'mine', 'sub-01', 'qc'), { recursive: true });
    await writeFile(join(bids, 'derivatives', 'mine', 'dataset_description.json'), JSON.stringify({ Name: 'x', BIDSVersion: '1.10.0', GeneratedBy: [{ Name: 'SPIMquant', Version: '1' }] }));
    await writeFile(join(bids, 'derivatives', 'mine', 'sub-01', 'qc', 'sub-01_report.html'), '<p>');
    const check = await ask<CheckData>('spimquant validate /data/bids');
    assert.deepEqual([check.quantifiable, check.imagesReadable, check.imagesUnreadable, check.errors, check.notes], [false, 1, 1, 1, 1]);
    assert.ok(check.warnings > 0);
    assert.equal(check.problems[0].severity, 'error');
    assert.deepEqual([check.problems[0].places, check.problems[0].first], [1, ['sub-02/micr/sub-02_sample-brain_acq-phantom_SPIM.ome.zarr']]);
    assert.equal(check.errors + check.warnings + check.notes, check.problems.reduce((sum, { places }) => sum + places, 0));
    await ask('spimquant info /data/bids');
    const listed = await ask<ImagesData>('spimquant ls /data/bids');
    assert.deepEqual(listed.skipped.map(({ path }) => path), ['sub-0_3']);
  });

  it('have the keys that the page describes, and no others', () => {
    for (const [kind, same] of Map.groupBy(answers, (answer) => answer.kind)) {
      const found = [...new Set(same.flatMap((answer) => pathsOf(answer)))];
      const described = describedKeys(kind);
      // A list that is empty in one answer stands for its items in another.
      const inner = (path: string): boolean => found.some((other) => other.startsWith(`${path}[]`));
      assert.deepEqual(found.filter((path) => !inner(path)).sort(), [...described].sort(), kind);
    }
    assert.deepEqual([...new Set(answers.map(({ kind }) => kind))].sort(), ['check', 'dataset', 'entries', 'image', 'images']);
  });

  it('are one line of standard output, with an exit code', async () => {
    const state = { SPIMQUANT_STATE_DIR: join(folder, 'state') };
    const listed = await spimquant(['ls', join(folder, 'scans'), '--json'], { env: state });
    assert.equal(listed.code, 0, listed.stderr);
    assert.equal(listed.stdout.trim().split('\n').length, 1);
    const { data } = JSON.parse(listed.stdout) as { readonly data: EntriesData };
    assert.deepEqual(data, JSON.parse(JSON.stringify(await exampleData('spimquant ls /data/scans', folder)).replaceAll('/data', folder)));
    assert.equal((await spimquant(['validate', join(folder, 'bids'), '--json'], { env: state })).code, 1);
  });
});
