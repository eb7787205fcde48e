import assert from 'node:assert/strict';
import { planGroup } from '../../../runner/pipeline/group/planGroup.ts';
import { loadStage } from '../../../runner/pipeline/stages.ts';
import type { Plan } from '../../../runner/pipeline/plan/plan.types.ts';
import type { TaskContext } from '../../../runner/pipeline/task.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { GroupOptions, Provenance } from '../../../runner/protocol/options.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import { columnNames, numberValues, rowCount, textValues } from '../../../runner/tables/table.ts';
import { readTsv } from '../../../runner/tables/tsv.ts';

const provenance: Provenance = { Name: 'SPIMquant', Version: '0.0.0', Engine: 'embedded', Parameters: { test: 'student' }, Differences: [] };
const defaults: GroupOptions = { participantLabel: [], excludeParticipantLabel: [], test: 'student', label: '1', atlasSegs: [], segMethod: [], template: 'ABAv3' };

/** Region tables of six participants in two groups: twice the density in region 2 of the treated ones. */
async function cohort(): Promise<{ readonly dataset: MemoryStore; readonly output: MemoryStore }> {
  const dataset = new MemoryStore('memory://dataset');
  const output = new MemoryStore('memory://output');
  await dataset.write('participants.tsv', 'participant_id\ttreatment\tname\nsub-1\tnone\tAda\nsub-2\tnone\tBo\nsub-3\tnone\tCy\nsub-4\tdrug <5 mg>\tDi\nsub-5\tdrug <5 mg>\tEd\nsub-6\tdrug <5 mg>\tFy\n');
  for (let i = 1; i <= 6; i++) {
    const rows = [0, 1, 2, 3].map((region) => {
      const density = 100 + 7 * i + (i > 3 && region === 2 ? 200 : 0);
      return [region, `Region ${region}`, 40 + i, 'Abeta', density / 2, region === 0 ? '' : 1 + 0.1 * ((i * region) % 4), region === 0 ? '' : 0.5, region === 0 ? '' : density].join('\t');
    });
    const table = `index\tname\tAbeta+nvoxels\tAbeta+stain\tAbeta+count\tAbeta+fieldfrac\tAbeta+volume\tAbeta+density\n${rows.join('\n')}\n`;
    const folder = i === 2 ? 'sub-2/ses-a' : `sub-${i}`;
    await output.write(`${folder}/tabular/${folder.replace('/', '_')}_sample-brain_seg-coarse_from-phantom_desc-th500_mergedsegstats.tsv`, table);
  }
  return { dataset, output };
}

async function run(plan: Plan, dataset: MemoryStore, output: MemoryStore): Promise<void> {
  for (const task of plan.tasks) {
    const named = new Set([...task.inputs, ...task.outputs].map(({ place, path }) => `${place}:${path}`));
    const context: TaskContext = {
      store: (place) => {
        const store = place === 'dataset' ? dataset : output;
        // A stage may only touch what its task names.
        return new Proxy(store, {
          get: (target, key): unknown => {
            const value: unknown = Reflect.get(target, key, target);
            if (typeof value !== 'function') return value;
            return (path: string, ...rest: unknown[]): unknown => {
              assert.ok(named.has(`${place}:${path}`), `${task.stage} touches ${path}, which its task does not name`);
              return (value as (...all: unknown[]) => unknown).call(target, path, ...rest);
            };
          },
        });
      },
      localPath: () => undefined, signal: new AbortController().signal, log: () => undefined, progress: () => undefined,
    };
    await (await loadStage(task.stage)).run(task, context);
  }
}

async function text(store: MemoryStore, key: string): Promise<string> {
  const bytes = await store.read(key);
  assert.ok(bytes, `${key} was not written`);
  return new TextDecoder().decode(bytes);
}

async function rejection(promise: Promise<unknown>): Promise<SpimquantError> {
  const error: unknown = await promise.then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof SpimquantError, String(error));
  return error;
}

describe('group level', () => {
  const contrast: GroupOptions = { ...defaults, contrastColumn: 'treatment', contrastValues: ['drug <5 mg>', 'none'] };
  const stem = 'group/1/seg-coarse_from-phantom_contrast-treatment+drug--5-mg-vsnone_desc-th500_groupstats';

  it('compares two groups from tables to report', async () => {
    const { dataset, output } = await cohort();
    const plan = await planGroup({ dataset, output, options: contrast, provenance });
    await run(plan, dataset, output);

    const all = readTsv(await text(output, 'group/1/seg-coarse_from-phantom_desc-th500_allsubjects.tsv'), { text: ['name'] });
    assert.equal(rowCount(all), 24);
    assert.deepEqual(columnNames(all).slice(-3), ['participant_id', 'treatment', 'name_participants'], 'a column of participants.tsv does not replace one of the tables');
    assert.equal(textValues(all, 'treatment')[23], 'drug <5 mg>');

    const stats = readTsv(await text(output, `${stem}.tsv`), { text: ['name'] });
    assert.deepEqual(Array.from(numberValues(stats, 'index')), [0, 1, 2, 3]);
    assert.equal(numberValues(stats, 'Abeta+density_mean_drug <5 mg>')[2], 335);
    assert.equal(numberValues(stats, 'Abeta+density_mean_none')[2], 114);
    // Both groups have SD 7 here: t = 221 / (7·√(2/3)), d = 221 / 7.
    assert.ok(Math.abs(numberValues(stats, 'Abeta+density_tstat')[2] - 221 / (7 * Math.sqrt(2 / 3))) < 1e-9);
    assert.ok(Math.abs(numberValues(stats, 'Abeta+density_cohensd')[2] - 221 / 7) < 1e-9);
    assert.ok(Number.isNaN(numberValues(stats, 'Abeta+volume_pval')[2]), 'equal volumes say nothing');

    const sidecar = JSON.parse(await text(output, `${stem}.json`)) as Record<string, { Column: string; Values: string[]; LongName?: string }> & { Test: string; GeneratedBy: unknown[] };
    assert.equal(sidecar.Contrast.Column, 'treatment');
    assert.deepEqual(sidecar.Contrast.Values, ['drug <5 mg>', 'none'], 'the sidecar has the true values');
    assert.match(sidecar.Test, /Student/);
    assert.ok(sidecar['Abeta+density_qval'].LongName);

    const png = await output.read(`${stem}.png`);
    assert.deepEqual(Array.from(png?.subarray(1, 4) ?? []), [0x50, 0x4e, 0x47]);
    const page = await text(output, 'group/1/report.html');
    assert.match(page, /drug &lt;5 mg&gt;/, 'values of the dataset are escaped');
    assert.ok(!page.includes('<5 mg>'));
    assert.match(page, /Region 2/);
    assert.ok(page.includes('href="seg-coarse_from-phantom_contrast-treatment%2Bdrug--5-mg-vsnone_desc-th500_groupstats.tsv"'));
  });

  it('says in the sidecar when Welch was used', async () => {
    const { dataset, output } = await cohort();
    await run(await planGroup({ dataset, output, options: { ...contrast, test: 'welch' }, provenance }), dataset, output);
    assert.match(await text(output, `${stem}.json`), /Welch's t test/);
  });

  it('gives the same bytes again', async () => {
    const [one, two] = [await cohort(), await cohort()];
    for (const { dataset, output } of [one, two]) await run(await planGroup({ dataset, output, options: contrast, provenance }), dataset, output);
    for (const key of [`${stem}.tsv`, `${stem}.json`, `${stem}.png`, 'group/1/report.html']) assert.equal(await text(one.output, key), await text(two.output, key), key);
  });

  it('describes all participants without a contrast', async () => {
    const { dataset, output } = await cohort();
    const plan = await planGroup({ dataset, output, options: defaults, provenance });
    assert.match(plan.notices.join('\n'), /No contrast was asked for/);
    assert.match(plan.notices.join('\n'), /template phantom/);
    await run(plan, dataset, output);
    const stats = readTsv(await text(output, 'group/1/seg-coarse_from-phantom_desc-th500_groupstats.tsv'), { text: ['name'] });
    assert.deepEqual(columnNames(stats).slice(0, 7), ['index', 'name', 'n_subjects', 'Abeta+fieldfrac_mean', 'Abeta+fieldfrac_std', 'Abeta+fieldfrac_min', 'Abeta+fieldfrac_max']);
    assert.deepEqual(Array.from(numberValues(stats, 'n_subjects')), [6, 6, 6, 6]);
    assert.equal(numberValues(stats, 'Abeta+density_max')[2], 342);
    assert.match(await text(output, 'group/1/report.html'), /6 participants/);
  });

  it('finds tables of sessions and leaves out excluded participants', async () => {
    const { dataset, output } = await cohort();
    const plan = await planGroup({ dataset, output, options: { ...defaults, excludeParticipantLabel: ['1'] }, provenance });
    assert.deepEqual(plan.tasks[0].inputs.filter(({ place }) => place === 'output').map(({ path }) => path.split('/tabular')[0]), ['sub-2/ses-a', 'sub-3', 'sub-4', 'sub-5', 'sub-6']);
  });

  it('says what to do when there is nothing to compare', async () => {
    const { dataset, output } = await cohort();
    const empty = await rejection(planGroup({ dataset, output: new MemoryStore('memory://empty'), options: defaults, provenance }));
    assert.equal(empty.code, 'not-found');
    assert.match(empty.hint ?? '', /participant level first/);
    const atlas = await rejection(planGroup({ dataset, output, options: { ...defaults, atlasSegs: ['fine'] }, provenance }));
    assert.match(`${atlas.message} ${atlas.hint ?? ''}`, /atlas fine.*coarse/);
    const noTable = await rejection(planGroup({ dataset: new MemoryStore('memory://bare'), output, options: contrast, provenance }));
    assert.match(noTable.message, /needs participants\.tsv.*memory:\/\/bare\/participants\.tsv/);
  });
});
