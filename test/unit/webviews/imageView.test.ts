import assert from 'node:assert/strict';
import { writeNifti } from '../../../runner/image/nifti.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { ViewedImage, ViewedLevel } from '../../../runner/protocol/imageView.ts';
import { fitsPane, pageBudget } from '../../../webviews/image/budget.ts';
import { readFirstLook, withLook } from '../../../webviews/image/firstLook.ts';
import { chooseLevel } from '../../../webviews/image/geometry.ts';
import { latestView, readFromImagePage, readToImagePage } from '../../../webviews/image/messages.ts';
import { channelVoxels, mixChannels, mixedNifti } from '../../../webviews/image/mixVolume.ts';
import { PieceStore, planRequests, type PieceWish } from '../../../webviews/image/pieces.ts';
import { firstState, readViewState } from '../../../webviews/image/viewState.ts';

function level(size: readonly [number, number, number], edge: number): ViewedLevel {
  const factor = 0.005 / edge;
  return { size, voxelSize: [edge, edge, edge], factor: [factor, factor, factor], shift: [0, 0, 0], chunk: [128, 128, 128], piece: [512, 512, 512] };
}

/** 20,000 voxels wide, six levels; x runs to the left. */
const image: ViewedImage = {
  uri: '/data/x.ome.zarr', kind: 'ome-zarr', voxelType: 'uint16', pieceType: 'uint16', channels: [{ label: 'YoPro' }, { label: 'Abeta' }],
  levels: Array.from({ length: 6 }, (_, i) => level([20480 >> i, 20480 >> i, 4096 >> i], 0.005 * 2 ** i)), storedLevels: 6,
  affine: [-0.005, 0, 0, 0, 0, 0.005, 0, 0, 0, 0, 0.005, 0, 0, 0, 0, 1],
  planes: [
    { plane: 'axial', across: 0, up: 1, through: 2, flipAcross: true, flipUp: false, flipThrough: false, letters: { left: 'L', right: 'R', top: 'A', bottom: 'P' } },
    { plane: 'coronal', across: 0, up: 2, through: 1, flipAcross: true, flipUp: false, flipThrough: false, letters: { left: 'L', right: 'R', top: 'S', bottom: 'I' } },
    { plane: 'sagittal', across: 1, up: 2, through: 0, flipAcross: false, flipUp: false, flipThrough: true, letters: { left: 'P', right: 'A', top: 'S', bottom: 'I' } },
  ],
  orientation: 'LAS', oriented: true, obliqueness: 0, notices: [],
};

describe('How an image is to be looked at', () => {
  const state = firstState(image);

  it('puts the planes where they are wanted, in whichever terms', () => {
    assert.deepEqual(withLook(state, image, { position: { millimetres: [-1, 2, 3] } }).position.map((place) => Math.round(place)), [200, 400, 600]);
    assert.deepEqual(withLook(state, image, { position: { voxel: [-5, 7, 99999] } }).position, [0, 7, 4095]);
    // The first sagittal slice is at the subject's left, which is the end of x here.
    assert.equal(withLook(state, image, { position: { plane: 'sagittal', fraction: 0 } }).position[0], 20479);
    assert.equal(withLook(state, image, { position: { plane: 'axial', fraction: 1 } }).position[2], 4095);
  });

  it('shows a stain alone, with the mask of a threshold, and lays files over it once', () => {
    const overlay = { ref: { uri: '/data/m_mask.nii.gz', storage: {} }, title: 'm', kind: 'mask', visible: false, opacity: 0.5, fill: false } as const;
    const once = withLook(state, image, { stain: 'Abeta', threshold: 900, overlays: [overlay], level: 3 });
    assert.deepEqual([once.channels.map(({ visible }) => visible), once.selected, once.threshold.shown, once.threshold.channel, once.threshold.value, once.level], [[false, true], 1, true, 1, 900, 3]);
    const twice = withLook(once, image, { overlays: [overlay], stain: 'unknown', level: 77 });
    assert.deepEqual([twice.overlays.length, twice.overlays[0].visible, twice.level, twice.channels], [1, true, 3, once.channels]);
  });

  it('understands what others send as far as it makes sense', () => {
    assert.equal(readFirstLook('x'), undefined);
    assert.deepEqual(readFirstLook({ level: 1.5, stain: 3, threshold: Number.NaN, position: { voxel: [1, 2] }, overlays: [{ uri: 1 }] }), { overlays: [] });
    assert.deepEqual(readFirstLook({ position: { plane: 'axial', fraction: 7 } }), { position: { plane: 'axial', fraction: 1 } });
    // What was kept of another image does not fit this one.
    const kept = readViewState({ position: [1e9, 0, 0], channels: [{ visible: 'yes', color: 'red' }], level: 12, zoom: -1 }, image);
    assert.deepEqual([kept.position, kept.channels, kept.level, kept.zoom], [state.position, state.channels, undefined, 1]);
  });

  it('is as it was left last, though a window that was reloaded brings back what was said long before', () => {
    const [old, late] = [{ changes: 1, view: { layout: 'planes' } }, { changes: 7, view: { layout: 'sagittal' } }];
    assert.deepEqual(latestView(old, late), late);
    // The extension writes a moment after the page has changed, and forgets what was looked at long ago.
    assert.equal(latestView(late, old), late);
    assert.equal(latestView(old, undefined), old);
    assert.deepEqual(latestView(undefined, late), late);
    assert.equal(latestView(undefined, { changes: 'many', view: {} }), undefined);
  });

  it('takes no message that is none of its page', () => {
    assert.equal(readFromImagePage({ type: 'save', name: 'x.png', png: 'text' }), undefined);
    assert.equal(readFromImagePage({ type: 'insert', stain: 'a', threshold: 1, plane: 'oblique', position: 0 }), undefined);
    assert.equal(readFromImagePage({ type: 'keep', kept: { changes: 1, view: { text: 'x'.repeat(100_000) } } }), undefined);
    assert.equal(readFromImagePage({ type: 'ask', id: 1, name: 'runs.start', params: {} }), undefined);
    assert.deepEqual(readFromImagePage({ type: 'cancel', id: 1 }), { type: 'cancel', id: 1 });
    assert.equal(readToImagePage({ type: 'opened', answer: { image: {}, pieces: [], bytes: [] } }), undefined);
    assert.equal(readToImagePage({ type: 'show', image: { uri: '' }, title: 't', place: {} }), undefined);
  });
});

describe('The memory of an image\'s page', () => {
  const pane = (zoom: number): { readonly width: number; readonly height: number; readonly scale: number; readonly centre: readonly [number, number] } => ({ width: 1600, height: 1600, scale: (1600 / 102.4) * zoom, centre: [51.2, 51.2] });

  it('bounds what one pane asks for, also where a level is asked for that is too fine for all of the plane', () => {
    const [axial] = image.planes;
    // The whole plane at level 0 has 400 million voxels: the finest that fits is taken.
    const whole = chooseLevel(image, axial, pane(1), 1, 2, 1, 0);
    assert.ok(whole !== undefined && whole.held && whole.level > 0);
    const pixels = 20480 >> whole.level;
    assert.ok(pixels * pixels * 2 * 2 <= pageBudget.pane);
    // Zoomed in, it is affordable.
    assert.deepEqual(chooseLevel(image, axial, pane(32), 1, 2, 1, 0), { level: 0, held: false });
    // As the zoom asks for.
    assert.equal(chooseLevel(image, axial, pane(1), 1, 1, 1)?.level, 4);
    assert.equal(fitsPane({ across: [0, 3999], up: [0, 3999] }, 'uint8', 1), false);
  });

  it('keeps what was used last, and never drops what is wished for', async () => {
    const wish = (index: number): PieceWish => ({ source: 0, address: { level: 0, axis: 2, index, x: 0, y: 0, slab: 1 }, channels: [0] });
    let done = (): void => undefined;
    const store = new PieceStore({
      limit: 3000,
      fetch: async () => ({ type: 'uint8', width: 1000, height: 1, bytes: new Uint8Array(1000) }),
      onChange: () => { if (!store.busy) done(); },
    });
    const settled = async (wishes: readonly PieceWish[]): Promise<void> => {
      const all = new Promise<void>((resolve) => { done = resolve; });
      store.want(wishes);
      await all;
    };
    await settled([0, 1, 2].map(wish));
    store.get(0, wish(0).address, 0);
    await settled([wish(3)]);
    assert.equal(store.bytes, 3000);
    assert.deepEqual([0, 1, 2, 3].map((index) => store.get(0, wish(index).address, 0) !== undefined), [true, false, true, true]);
    await settled([4, 5, 6, 7, 8].map(wish));
    assert.equal(store.bytes, 5000);
    store.want([]);
    store.trim();
    assert.equal(store.bytes, 0);
  });

  it('asks once for what is refused, until somebody tries again', async () => {
    let asked = 0;
    let changed = (): void => undefined;
    const store = new PieceStore({
      fetch: async () => {
        asked += 1;
        throw new SpimquantError('cancelled', 'The window is closing.');
      },
      onChange: () => { changed(); },
    });
    const settled = (): Promise<void> => new Promise((resolve) => { changed = resolve; });
    const wish: PieceWish = { source: 0, address: { level: 0, axis: 2, index: 0, x: 0, y: 0, slab: 1 }, channels: [0] };
    let once = settled();
    store.want([wish]);
    await once;
    store.want([wish]);
    assert.deepEqual([asked, store.failure(0, wish.address, 0)?.code], [1, 'cancelled']);
    once = settled();
    store.retry();
    await once;
    assert.equal(asked, 2);
  });

  it('gives up requests that nobody wishes for any more, and begins others in their place', () => {
    const wish = (index: number): PieceWish => ({ source: 0, address: { level: 0, axis: 2, index, x: 0, y: 0, slab: 1 }, channels: [0, 1] });
    const { begin, giveUp } = planRequests([wish(5), wish(6), wish(7)], (key) => key.includes('/5/'), [wish(1), wish(6)], 2);
    assert.deepEqual(giveUp, [wish(1)]);
    assert.deepEqual(begin, [wish(7)]);
  });
});

describe('Channels that are rendered together', () => {
  const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] as const;
  const nifti = (...values: readonly number[]): ArrayBuffer => Uint8Array.from(writeNifti({ data: Uint16Array.from(values), size: [4, 1, 1], affine }, { gzip: false })).buffer;
  const [white, green] = [nifti(0, 0, 1000, 1000), nifti(0, 1000, 0, 1000)].map(channelVoxels);
  const window = { low: 0, high: 1000 };

  it('have their colours in one volume, of which none hides another', () => {
    const looks = [{ visible: true, color: '#ffffff', window }, { visible: true, color: '#00ff00', window }];
    const mixed = mixChannels([white, green], looks);
    assert.deepEqual([...mixed.subarray(0, 4)], [0, 0, 0, 0]);
    assert.deepEqual([...mixed.subarray(4, 8)], [0, 255, 0, 128]);
    assert.deepEqual([...mixed.subarray(8, 12)], [255, 255, 255, 128]);
    assert.deepEqual([...mixed.subarray(12)], [127, 255, 127, 128]);
    assert.deepEqual([...mixChannels([white, green], [looks[0], { ...looks[1], visible: false }]).subarray(4, 8)], [0, 0, 0, 0]);
    assert.deepEqual([...mixChannels([Float32Array.of(Number.NaN)], looks)], [0, 0, 0, 0]);
  });

  it('are in a file of the same place and size', () => {
    const mixed = new DataView(mixedNifti(nifti(1, 2, 3, 4)));
    assert.deepEqual([mixed.getInt16(42, true), mixed.getInt16(70, true), mixed.getInt16(72, true), mixed.byteLength], [4, 2304, 32, 352 + 16]);
  });
});
