import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ExploreContext } from '../../../runner/explore/explore.types.ts';
import { explore } from '../../../runner/explore/explore.ts';
import { resultText } from '../../../runner/wording/resultText.ts';

const data = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

// The acquisition is not part of this repository: these tests exist only beside a copy of it.
(existsSync(data) ? describe : () => undefined)('exploring a real acquisition', () => {
  const context: ExploreContext = { signal: new AbortController().signal, env: {}, cwd: data, progress: () => undefined, log: () => undefined };
  const ask = async (text: string): Promise<string> => resultText(await explore(text, context), { width: 100, color: false });

  it('tells what it is, what is in it, and that nothing is wrong with it', async () => {
    assert.match(await ask('spimquant info bids_lightsheet'), /Stains +Abeta, CD31, YoPro \(in sub-AS36F2\)/);
    assert.match(await ask('spimquant ls bids_lightsheet'), /sub-AS36F2 +sample-brain acq-downsampled +Abeta, CD31, YoPro +control +12 +M/);
    assert.match(await ask('spimquant validate bids_lightsheet'), /Problems +none[^]*No problems were found/);
    const image = await ask('spimquant info bids_lightsheet/sub-AS36F2/micr/sub-AS36F2_sample-brain_acq-downsampled_SPIM.ome.zarr');
    assert.match(image, /Orientation +LAI \(image\)[^]*0 +24 × 39 × 37 +416 × 416 × 154\.1/);
  });
});
