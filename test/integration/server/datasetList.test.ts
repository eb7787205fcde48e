import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetList } from '../../../runner/server/datasetList.ts';

describe('the list of datasets', () => {
  let folder: string;
  let path: string;
  const said: string[] = [];
  const open = (): DatasetList => new DatasetList(join(folder, 'state'), () => 5, (_level, message) => said.push(message));
  const ref = (uri: string): { uri: string; storage: { awsProfile?: string } } => ({ uri, storage: {} });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-list-'));
    path = join(folder, 'state', 'datasets.json');
    said.splice(0);
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  it('is empty at first, keeps what is added across runners, and what is removed as recent', async () => {
    assert.deepEqual(await open().read(), { datasets: [], recent: [] });
    const list = open();
    await Promise.all([list.add(ref('/a')), list.add(ref('s3://b')), list.add(ref('/c'))]);
    await list.add({ uri: 's3://b', storage: { awsProfile: 'lab' } });
    assert.deepEqual((await open().read()).datasets, [ref('/a'), { uri: 's3://b', storage: { awsProfile: 'lab' } }, ref('/c')]);
    await list.remove('/a');
    await list.remove('/c');
    assert.deepEqual(await open().read(), { datasets: [{ uri: 's3://b', storage: { awsProfile: 'lab' } }], recent: [ref('/c'), ref('/a')] });
    await list.add(ref('/a'));
    assert.deepEqual((await open().read()).recent, [ref('/c')]);
  });

  it('is for the user alone to read', async () => {
    await open().add(ref('/a'));
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(join(folder, 'state')), ['datasets.json']);
  });

  for (const [what, text, recovered] of [
    ['cut off', '{"version": 1, "datasets": [{"uri": "/a"', []],
    ['half nonsense', JSON.stringify({ datasets: [{ uri: '/a', storage: {} }, 7, { uri: '' }], recent: [] }), ['/a']],
    ['of another form', '[]', []],
  ] as const) {
    it(`is begun anew when the file is ${what}, with the old one kept`, async () => {
      await mkdir(join(folder, 'state'));
      await writeFile(path, text);
      const { datasets } = await open().add(ref('/new'));
      assert.deepEqual(datasets.map(({ uri }) => uri), [...recovered, '/new']);
      const copy = (await readdir(join(folder, 'state'))).find((name) => name.startsWith('datasets.damaged-'));
      assert.equal(await readFile(join(folder, 'state', copy ?? 'no copy'), 'utf8'), text);
      assert.match(said.join(), /datasets\.damaged/);
      assert.deepEqual((await open().read()).datasets.map(({ uri }) => uri), [...recovered, '/new']);
    });
  }

  it('holds nothing but where a dataset is and how it is reached', async () => {
    await mkdir(join(folder, 'state'));
    await writeFile(path, JSON.stringify({ datasets: [{ uri: 's3://b', storage: { anonymous: true, secretAccessKey: 'hush' } }] }));
    assert.deepEqual((await open().add(ref('/a'))).datasets[0], { uri: 's3://b', storage: { anonymous: true } });
    assert.doesNotMatch(await readFile(path, 'utf8'), /hush/);
  });
});
