import assert from 'node:assert/strict';
import { indexDataset, requireImages } from '../../../runner/bids/dataset.ts';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import type { ListEntry, ListOptions } from '../../../runner/storage/objectStore.ts';

/** A store that remembers which folders were listed. */
class ListingStore extends MemoryStore {
  readonly listed: string[] = [];

  override list(folder: string, options?: ListOptions): AsyncGenerator<ListEntry> {
    assert.notEqual(options?.recursive, true);
    this.listed.push(folder);
    return super.list(folder, options);
  }
}

const description = JSON.stringify({ Name: 'Mice', BIDSVersion: '1.9.0' });

async function dataset(files: Readonly<Record<string, string>>): Promise<ListingStore> {
  const store = new ListingStore('s3://lab/mice');
  for (const [key, text] of Object.entries(files)) await store.write(key, text);
  return store;
}

function fails(code: ErrorCode, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SpimquantError);
    assert.equal(error.code, code);
    assert.match(`${error.message} ${error.hint ?? ''}`, pattern);
    return true;
  };
}

const zarr = (stem: string): Record<string, string> => ({ [`${stem}.ome.zarr/.zattrs`]: '{}', [`${stem}.ome.zarr/0/0/0/0`]: 'x' });

describe('indexing a dataset', () => {
  it('finds images, sessions, sidecars and participants with one listing per folder, none inside an image', async () => {
    const store = await dataset({
      'dataset_description.json': description,
      'participants.tsv': 'participant_id\tage\tgenotype\nsub-0001\t012\tWT\nsub-02\tn/a\tKO\n',
      'SPIM.json': JSON.stringify({ SampleStaining: ['Abeta', 'YoPro'], OrientationStringXYZ: 'RAS' }),
      ...zarr('sub-0001/micr/sub-0001_sample-brain_SPIM'),
      'sub-0001/micr/sub-0001_sample-brain_SPIM.json': JSON.stringify({ OrientationStringXYZ: 'ial' }),
      ...zarr('sub-02/ses-1/micr/sub-02_ses-1_SPIM'),
      'sub-02/ses-1/micr/sub-02_ses-1_sample-cord_SPIM.json': JSON.stringify({ SampleStaining: 'NeuN' }),
      'derivatives/x/sub-01/micr/sub-01_SPIM.ome.zarr/.zattrs': '{}',
    });
    const index = await indexDataset(store);
    assert.equal(index.name, 'Mice');
    assert.equal(index.bidsVersion, '1.9.0');
    assert.deepEqual(index.participants, ['0001', '02']);
    assert.deepEqual(index.images, [
      {
        path: 'sub-0001/micr/sub-0001_sample-brain_SPIM.ome.zarr', entities: { sub: '0001', sample: 'brain' }, suffix: 'SPIM', extension: 'ome.zarr',
        sampleStaining: ['Abeta', 'YoPro'], orientationXYZ: 'IAL',
      },
      {
        path: 'sub-02/ses-1/micr/sub-02_ses-1_SPIM.ome.zarr', entities: { sub: '02', ses: '1' }, suffix: 'SPIM', extension: 'ome.zarr',
        sampleStaining: ['Abeta', 'YoPro'], orientationXYZ: 'RAS',
      },
    ]);
    assert.deepEqual(index.skipped, []);
    assert.deepEqual(index.participantRows.get('0001'), { age: '012', genotype: 'WT' });
    assert.deepEqual(index.participantRows.get('02'), { age: undefined, genotype: 'KO' });
    assert.deepEqual(index.participantColumns, ['age', 'genotype']);
    assert.deepEqual([...store.listed].sort(), ['', 'sub-0001', 'sub-0001/micr', 'sub-02', 'sub-02/ses-1', 'sub-02/ses-1/micr']);
  });

  it('says what it left out and why', async () => {
    const store = await dataset({
      'dataset_description.json': description,
      ...zarr('sub-01/micr/sub-01_sample-brain_SPIM'),
      ...zarr('sub-01/micr/sub-01_sample-cord_SPIM'),
      ...zarr('sub-01/micr/sub-02_SPIM'),
      ...zarr('sub-01/micr/old brain'),
      'sub-01/micr/sub-01_sample-brain_SPIM.ozx': 'x',
      'sub-01/micr/sub-01_acq-raw_SPIM.ims': 'x',
      'sub-01/micr/sub-01_photo.jpg': 'x',
      'sub-03/anat/sub-03_T2w.nii.gz': 'x',
      'sub-bad_label/micr/x': 'x',
    });
    const { images, skipped } = await indexDataset(store);
    assert.deepEqual(images.map((image) => image.path), ['sub-01/micr/sub-01_sample-brain_SPIM.ome.zarr']);
    const reasons = Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]));
    assert.deepEqual(Object.keys(reasons).sort(), [
      'sub-01/micr/old brain.ome.zarr', 'sub-01/micr/sub-01_acq-raw_SPIM.ims', 'sub-01/micr/sub-01_sample-brain_SPIM.ozx', 'sub-01/micr/sub-01_sample-cord_SPIM.ome.zarr',
      'sub-01/micr/sub-02_SPIM.ome.zarr', 'sub-03', 'sub-bad_label',
    ]);
    assert.match(reasons['sub-01/micr/sub-01_acq-raw_SPIM.ims'], /converted to OME-Zarr/);
    assert.match(reasons['sub-01/micr/sub-01_sample-cord_SPIM.ome.zarr'], /--filter-spim sample=cord/);
    assert.match(reasons['sub-01/micr/sub-01_sample-brain_SPIM.ozx'], /same image as sub-01_sample-brain_SPIM\.ome\.zarr/);
    assert.match(reasons['sub-01/micr/sub-02_SPIM.ome.zarr'], /folder of sub-01, but its name says sub-02/);
    assert.match(reasons['sub-03'], /no lightsheet images/);
  });

  it('takes a zipped image where there is no folder of the same name, or when it is asked for', async () => {
    const store = await dataset({
      'dataset_description.json': description,
      'sub-01/micr/sub-01_SPIM.ome.zarr.zip': 'x',
      ...zarr('sub-02/micr/sub-02_SPIM'),
      'sub-02/micr/sub-02_SPIM.ozx': 'x',
    });
    assert.deepEqual((await indexDataset(store)).images.map((image) => image.extension), ['ome.zarr.zip', 'ome.zarr']);
    const asked = await indexDataset(store, { filters: [{ entity: 'extension', method: 'equals', value: 'ozx' }] });
    assert.deepEqual(asked.images.map((image) => image.path), ['sub-02/micr/sub-02_SPIM.ozx']);
  });

  it('lists only the participants asked for', async () => {
    const store = await dataset({ 'dataset_description.json': description, ...zarr('sub-01/micr/sub-01_SPIM'), ...zarr('sub-02/micr/sub-02_SPIM'), ...zarr('sub-03/micr/sub-03_SPIM') });
    assert.deepEqual((await indexDataset(store, { participantLabel: ['sub-02'] })).participants, ['02']);
    assert.ok(!store.listed.some((folder) => folder.startsWith('sub-01')));
    assert.deepEqual((await indexDataset(store, { excludeParticipantLabel: ['02'] })).participants, ['01', '03']);
  });

  it('refuses what is no dataset, saying what is missing', async () => {
    await assert.rejects(indexDataset(await dataset({})), fails('not-found', /no dataset at s3:\/\/lab\/mice/));
    await assert.rejects(indexDataset(await dataset({ 'micr/sub-01_SPIM.ozx': 'x' })), fails('bad-dataset', /no dataset_description\.json.*folder that holds/));
    await assert.rejects(indexDataset(await dataset({ 'sub-01/micr/x': '' })), fails('bad-dataset', /Add the file/));
    await assert.rejects(indexDataset(await dataset({ 'dataset_description.json': description })), fails('bad-dataset', /no participants/));
    await assert.rejects(indexDataset(await dataset({ 'dataset_description.json': '{"Name": ' })), fails('bad-dataset', /dataset_description\.json is not valid JSON/));
  });

  it('suggests the participant that was meant', async () => {
    const store = await dataset({ 'dataset_description.json': description, ...zarr('sub-AS36F2/micr/sub-AS36F2_SPIM') });
    await assert.rejects(indexDataset(store, { participantLabel: ['AS36F3'] }), fails('not-found', /no participant AS36F3.*Did you mean AS36F2/));
  });

  it('refuses sidecars and participants.tsv that cannot be understood', async () => {
    const base = { 'dataset_description.json': description, ...zarr('sub-01/micr/sub-01_SPIM') };
    await assert.rejects(indexDataset(await dataset({ ...base, 'sub-01/micr/sub-01_SPIM.json': '{"OrientationStringXYZ": "RRS"}' })), fails('bad-dataset', /OrientationStringXYZ.*three letters/));
    await assert.rejects(indexDataset(await dataset({ ...base, 'sub-01/micr/sub-01_SPIM.json': '{"SampleStaining": 3}' })), fails('bad-dataset', /SampleStaining/));
    await assert.rejects(indexDataset(await dataset({ ...base, 'participants.tsv': 'subject\nsub-01\n' })), fails('bad-dataset', /no column participant_id/));
    await assert.rejects(indexDataset(await dataset({ ...base, 'participants.tsv': 'participant_id\nsub-01\n01\n' })), fails('bad-dataset', /two rows for participant sub-01/));
  });

  it('explains a dataset of which nothing is left', async () => {
    const index = await indexDataset(await dataset({ 'dataset_description.json': description, 'sub-01/micr/sub-01_SPIM.ims': 'x' }));
    assert.throws(() => { requireImages(index); }, fails('bad-dataset', /sub-01_SPIM\.ims: Imaris/));
  });

  it('stops when it is cancelled', async () => {
    const store = await dataset({ 'dataset_description.json': description, ...zarr('sub-01/micr/sub-01_SPIM') });
    await assert.rejects(indexDataset(store, { signal: AbortSignal.abort() }), fails('cancelled', /./));
  });
});
