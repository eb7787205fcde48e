import assert from 'node:assert/strict';
import { writeNifti, writeVectorNifti } from '../../../runner/image/nifti.ts';
import type { Affine, Vec3 } from '../../../runner/kernels/geometry.ts';
import { atlasObjectsStage } from '../../../runner/pipeline/statistics/atlasObjects.ts';
import { atlasStatisticsStage } from '../../../runner/pipeline/statistics/atlasStatistics.ts';
import { colocalisationStage } from '../../../runner/pipeline/statistics/colocalisation.ts';
import { countMapStage } from '../../../runner/pipeline/statistics/countMaps.ts';
import { featureMapsStage } from '../../../runner/pipeline/statistics/featureMaps.ts';
import { readVolume } from '../../../runner/pipeline/io.ts';
import { regionPropsStage } from '../../../runner/pipeline/statistics/regionProps.ts';
import { readParquetTable, readTsvTable } from '../../../runner/pipeline/tableFiles.ts';
import { taskParams, type Artifact, type Stage } from '../../../runner/pipeline/task.ts';
import { writeParquet } from '../../../runner/tables/parquet.ts';
import { columnNames, numbers, numberValues, textValues } from '../../../runner/tables/table.ts';
import { memoryContext, type MemoryContext } from './memoryContext.ts';

const size: Vec3 = [4, 2, 2];
const affine: Affine = [0.1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 1];
const output = (path: string): Artifact => ({ place: 'output', path });
const work = (path: string): Artifact => ({ place: 'work', path });
const provenance = { Name: 'SPIMquant', Version: '0', Engine: 'embedded', Parameters: {}, Differences: [] } as const;

/** Left half region 1, right half region 2; the template is the subject moved by +1 mm along x. */
async function writeInputs({ stores }: MemoryContext): Promise<void> {
  const labels = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 1 : 2));
  await stores.output.write('dseg.nii.gz', writeNifti({ data: labels, size, affine }, { gzip: true }));
  await stores.output.write('template.nii.gz', writeNifti({ data: labels, size, affine: affine.with(3, 1) }, { gzip: true }));
  await stores.output.write('dseg.tsv', 'index\tname\n1\tLeft\n2\tRight\n');
  // Displacements are stored in LPS: +1 mm to the right is -1 along L.
  const field = new Float32Array(48);
  field.fill(-1, 0, 16);
  await stores.output.write('xfm.nii.gz', writeVectorNifti({ data: field, size, affine }, { gzip: true }));
  for (const stain of ['Abeta', 'Iba1']) {
    await stores.output.write(`${stain}_fieldfrac.nii.gz`, writeNifti({ data: Float32Array.from(labels, (l) => (stain === 'Abeta' ? l : 0)), size, affine }, { gzip: true }));
  }
  const objects = (x: number[], voxels: number[]): Uint8Array => writeParquet({
    columns: [numbers('pos_x', x), numbers('pos_y', x.map(() => 0)), numbers('pos_z', x.map(() => 0)), numbers('nvoxels', voxels)],
  });
  // Two plaques on the left, one beyond the atlas; one cell inside the first plaque.
  await stores.work.write('abeta.parquet', objects([0, 0.1, 9], [1000, 500, 200]));
  await stores.work.write('iba1.parquet', objects([0.02], [300]));
}

async function run(memory: MemoryContext, stage: Stage, params: object, inputs: readonly Artifact[], outputs: readonly Artifact[]): Promise<void> {
  await stage.run({ id: 't', stage: stage.name, scope: '01', title: 't', params: taskParams(params), inputs, outputs, memoryBytes: 0, readBytes: 0 }, memory.context);
}

describe('from objects to region tables', () => {
  const memory = memoryContext();
  const stains = ['Abeta', 'Iba1'];

  before(async () => {
    await writeInputs(memory);
    await run(memory, regionPropsStage, { stains, provenance }, [output('xfm.nii.gz'), work('abeta.parquet'), work('iba1.parquet')], [output('regionprops.parquet')]);
    await run(memory, colocalisationStage, { voxelVolume: 1e-6, provenance }, [output('regionprops.parquet')], [output('coloc.parquet')]);
    for (const stain of stains) {
      await run(memory, atlasObjectsStage, { stain, provenance }, [output('regionprops.parquet'), output('dseg.nii.gz'), output('dseg.tsv')], [output(`${stain}_regionpropstats.tsv`)]);
    }
    await run(memory, atlasStatisticsStage, { stains, provenance }, [
      output('dseg.tsv'), output('dseg.nii.gz'),
      ...stains.flatMap((stain) => [output(`${stain}_regionpropstats.tsv`), output(`${stain}_fieldfrac.nii.gz`)]),
      output('template.nii.gz'), output('coloc.parquet'),
    ], [output('mergedsegstats.tsv')]);
  });

  it('maps objects into the template and leaves those outside the field where they are', async () => {
    const table = await readParquetTable(memory.context, output('regionprops.parquet'));
    assert.deepEqual(columnNames(table), ['pos_x', 'pos_y', 'pos_z', 'nvoxels', 'template_x', 'template_y', 'template_z', 'stain']);
    assert.deepEqual([...numberValues(table, 'template_x')].map((x) => Math.round(x * 1e6) / 1e6), [1, 1.1, 9, 1.02]);
    assert.deepEqual([...textValues(table, 'stain')], ['Abeta', 'Abeta', 'Abeta', 'Iba1']);
  });

  it('pairs the cell with the plaque around it', async () => {
    const pairs = await readParquetTable(memory.context, output('coloc.parquet'));
    assert.deepEqual([textValues(pairs, 'object_id_a'), textValues(pairs, 'object_id_b')], [['Abeta_0'], ['Iba1_3']]);
    assert.ok(Math.abs(numberValues(pairs, 'radius_a')[0] - Math.cbrt((3 * 1000 * 1e-6) / (4 * Math.PI))) < 1e-12);
  });

  it('makes one row a region with the columns of every stain, in upstream\'s order', async () => {
    const table = await readTsvTable(memory.context, output('mergedsegstats.tsv'));
    const perStain = (stain: string): string[] => ['nvoxels', 'stain', 'count', 'fieldfrac', 'volume', 'density'].map((name) => `${stain}+${name}`);
    const coloc = ['object_id_a', 'object_id_b', 'stain_a', 'stain_b', 'radius_a', 'radius_b', 'nvoxels_a', 'nvoxels_b', 'distance', 'overlapratio', 'count', 'volume', 'density'];
    assert.deepEqual(columnNames(table), ['index', 'name', ...perStain('Abeta'), ...perStain('Iba1'), ...coloc.map((name) => `coloc+${name}`)]);
    assert.deepEqual([...textValues(table, 'name')], ['Unknown_Label_0', 'Left', 'Right']);
    assert.deepEqual([...numberValues(table, 'Abeta+count')], [1, 2, 0]);
    assert.deepEqual([...numberValues(table, 'Abeta+nvoxels')], [200, 1500, 0]);
    assert.deepEqual([...numberValues(table, 'Abeta+fieldfrac')], [0, 1, 2]);
    assert.deepEqual([...numberValues(table, 'coloc+count')], [NaN, 1, 0]);
    const volume = numberValues(table, 'Abeta+volume');
    assert.ok(Number.isNaN(volume[0]) && Math.abs(volume[1] - 8e-3) < 1e-9);
    assert.ok(Math.abs(numberValues(table, 'Abeta+density')[1] - 250) < 1e-4);
  });

  it('describes every column in the sidecar, with the software that made it', async () => {
    const sidecar = JSON.parse(new TextDecoder().decode(await memory.stores.output.read('mergedsegstats.json'))) as Record<string, { Description?: string; Units?: string }>;
    assert.equal(sidecar['Abeta+density'].Units, 'mm^-3');
    assert.ok('GeneratedBy' in sidecar);
    assert.deepEqual(Object.entries(sidecar).filter(([name, { Description }]) => name !== 'GeneratedBy' && !Description), []);
  });

  it('paints measures over the template, the background empty', async () => {
    await run(memory, featureMapsStage, { columns: ['Abeta+count'] }, [output('mergedsegstats.tsv'), output('template.nii.gz')], [output('count.nii.gz')]);
    const map = await readVolume(memory.context, output('count.nii.gz'));
    assert.deepEqual([...map.data.subarray(0, 4)], [2, 2, 0, 0]);
  });

  it('counts objects of one stain per voxel', async () => {
    await run(memory, countMapStage, { stain: 'Abeta', columns: ['pos_x', 'pos_y', 'pos_z'] }, [output('regionprops.parquet'), output('dseg.nii.gz')], [output('counts.nii.gz')]);
    const map = await readVolume(memory.context, output('counts.nii.gz'));
    assert.deepEqual([...map.data.subarray(0, 4)], [1, 1, 0, 0]);
  });

  it('works when nothing was found', async () => {
    const empty = memoryContext();
    await writeInputs(empty);
    const none = writeParquet({ columns: ['pos_x', 'pos_y', 'pos_z', 'nvoxels'].map((name) => numbers(name, [])) });
    await empty.stores.work.write('abeta.parquet', none);
    await run(empty, regionPropsStage, { stains: ['Abeta'], provenance }, [output('xfm.nii.gz'), work('abeta.parquet')], [output('regionprops.parquet')]);
    await run(empty, atlasObjectsStage, { stain: 'Abeta', provenance }, [output('regionprops.parquet'), output('dseg.nii.gz'), output('dseg.tsv')], [output('stats.tsv')]);
    await run(empty, atlasStatisticsStage, { stains: ['Abeta'], provenance }, [output('dseg.tsv'), output('dseg.nii.gz'), output('stats.tsv'), output('Abeta_fieldfrac.nii.gz')], [output('merged.tsv')]);
    const table = await readTsvTable(empty.context, output('merged.tsv'));
    assert.deepEqual([...numberValues(table, 'Abeta+count')], [0, 0]);
    assert.deepEqual([...numberValues(table, 'Abeta+density')], [0, 0]);
  });
});
