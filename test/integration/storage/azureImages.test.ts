import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import { openStore } from '../../../runner/storage/open.ts';
import { fixtureSize, fixtureStores, fixtureValue } from '../../fixtures/zarr/stores.ts';
import { startAzurite } from '../../servers/azurite.ts';
import type { Azurite } from '../../servers/azurite.ts';
import { ended } from '../engine/cliProcess.ts';
import type { Ended } from '../engine/cliProcess.ts';
import { AzureHome } from './azureHome.ts';

const images = ['v2 <u2', 'v3 shards, index at start', 'v3 shards, index at end'];
const dataset = 'az://lab/brains/mouse data';
const image = `${dataset}/sub-01/micr/sub-01_sample-brain_stain-Abeta_SPIM.ome.zarr`;
const cli = fileURLToPath(new URL('../../../runner/cli.ts', import.meta.url));

describe('images and datasets at Azure', function () {
  this.timeout(120_000);
  const home = new AzureHome();
  let azurite: Azurite;

  before(async () => {
    azurite = await startAzurite();
    await azurite.container('brains').create();
    const put = async (key: string, content: Uint8Array | string): Promise<void> => azurite.put('brains', `mouse data/${key}`, content);
    for (const [index, name] of images.entries()) {
      for (const [key, bytes] of fixtureStores().get(name) ?? []) await put(`images/${index}.ome.zarr/${key}`, bytes);
    }
    for (const [key, bytes] of fixtureStores().get(images[0]) ?? []) await put(`sub-01/micr/sub-01_sample-brain_stain-Abeta_SPIM.ome.zarr/${key}`, bytes);
    await put('dataset_description.json', '{"Name":"Mice","BIDSVersion":"1.10.0"}');
    await put('participants.tsv', 'participant_id\tsex\nsub-01\tF\n');
  });
  after(async () => azurite.close());
  beforeEach(() => home.enter({ AZURE_STORAGE_KEY: azurite.key() }));
  afterEach(() => home.leave());

  for (const [index, name] of images.entries()) {
    it(`are read whole: ${name}`, async () => {
      const store = openStore(dataset, { azureEndpoint: azurite.endpoint() });
      const opened = await openOmeZarr(store, `images/${index}.ome.zarr`);
      for (const channel of [0, 1]) {
        const voxels = await opened.read(opened.level(0), channel, { start: [0, 0, 0], size: fixtureSize });
        const [nx, ny, nz] = fixtureSize;
        assert.deepEqual([...voxels], Array.from({ length: nx * ny * nz }, (_, n) => fixtureValue('uint16', n + nx * ny * nz * channel)));
      }
    });
  }

  /** `spimquant` as a process of its own, with credentials in its environment. */
  async function spimquant(...line: readonly string[]): Promise<Ended> {
    return ended(spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...line], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', SPIMQUANT_STATE_DIR: home.home.path('state') } }));
  }

  it('are told of by the command line', async () => {
    const endpoint = ['--azure-endpoint', azurite.endpoint()];
    const info = await spimquant('info', image, ...endpoint);
    assert.equal(info.code, 0, info.stderr);
    assert.match(info.stdout, /uint16/);
    const listed = await spimquant('ls', dataset, ...endpoint);
    assert.equal(listed.code, 0, listed.stderr);
    assert.match(listed.stdout, /01[\s\S]*Abeta/);
  });

  it('that may not be read are errors with a way out, and no secret', async () => {
    home.set({ AZURE_STORAGE_KEY: undefined, AZURE_STORAGE_SAS_TOKEN: azurite.sas('brains', 'l') });
    const denied = await spimquant('info', image, '--azure-endpoint', azurite.endpoint());
    assert.notEqual(denied.code, 0);
    assert.match(denied.stderr, /Not allowed: could not read az:\/\/lab\/brains\/mouse data\/sub-01.*\n.*generate-sas/);
    assert.doesNotMatch(denied.stderr + denied.stdout, /sig=|SharedAccess/);
    home.set({ AZURE_STORAGE_SAS_TOKEN: undefined });
    const nobody = await spimquant('ls', dataset, '--azure-endpoint', azurite.endpoint());
    assert.notEqual(nobody.code, 0);
    assert.match(nobody.stderr, /AZURE_STORAGE_KEY.*--anonymous/);
  });
});
