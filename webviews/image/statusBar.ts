import type { Triple } from '../../runner/protocol/imageView.ts';
import type { Asker } from '../kit/asker.ts';
import { make } from '../kit/dom.ts';
import { millimetresOf } from './geometry.ts';
import type { ImageQuestions } from './messages.ts';
import type { ShownPane, Viewer } from './viewer.ts';
import { pointWords, valueWords, voxelWords } from './words.ts';

/** Milliseconds between two readings aloud, and until a voxel at rest is read exactly. */
const speechInterval = 1200;
const restMs = 350;
/** Bytes of chunks that are read for the exact values of one voxel at most. */
const exactBytes = 32 * 1024 * 1024;

/** What is at the pointer, or where the planes meet: position, values, region. */
export class StatusBar {
  readonly element: HTMLElement;
  readonly #viewer: Viewer;
  readonly #asker: Asker<ImageQuestions>;
  readonly #cells = { point: make('span', { class: 'point' }), voxel: make('span', { class: 'voxel' }), values: make('span', { class: 'values' }), region: make('span', { class: 'region' }), level: make('span', { class: 'level' }) };
  readonly #speech = make('p', { class: 'speech', 'aria-live': 'polite' });
  #exact: { readonly voxel: string; readonly values: ReadonlyMap<number, number> } | undefined;
  #abort: AbortController | undefined;
  #rest: number | undefined;
  #spoken = 0;
  #later: number | undefined;

  constructor(viewer: Viewer, asker: Asker<ImageQuestions>) {
    this.#viewer = viewer;
    this.#asker = asker;
    const { point, voxel, values, region, level } = this.#cells;
    this.element = make('footer', { class: 'status', 'aria-label': 'Voxel' }, point, voxel, values, region, level, this.#speech);
  }

  /** `panes`: the first is where the values are taken when the pointer is nowhere. */
  show(panes: readonly ShownPane[]): void {
    const { image, state, pointed } = this.#viewer;
    const first = panes.at(0)?.plane ?? image.planes[0];
    const { plane, voxel } = pointed ?? { plane: first, voxel: state.position };
    const whole = voxel.map((place, axis) => Math.min(image.levels[0].size[axis] - 1, Math.max(0, Math.round(place)))) as unknown as Triple;
    const key = whole.join(',');
    const point = pointWords(millimetresOf(image, voxel));
    this.#cells.point.textContent = `${point} mm`;
    this.#cells.voxel.textContent = `voxel ${whole.join(', ')}`;
    let coarsest = 0;
    const values = state.channels.flatMap(({ visible, color }, i) => {
      if (!visible) return [];
      const exact = this.#exact?.voxel === key ? this.#exact.values.get(i) : undefined;
      const found = exact === undefined ? this.#viewer.valueAt(0, i, plane, voxel) : { value: exact, level: 0 };
      if (found !== undefined) coarsest = Math.max(coarsest, found.level);
      return [{ label: image.channels[i].label, color, words: found === undefined ? '–' : valueWords(found.value) }];
    });
    this.#cells.values.replaceChildren(...values.map(({ label, color, words }) => {
      const dot = make('i', { class: 'dot', 'aria-hidden': 'true' });
      dot.style.background = color;
      return make('span', { class: 'value' }, dot, `${label} `, make('b', {}, words));
    }));
    const region = this.#viewer.regionAt(plane, voxel);
    this.#cells.region.textContent = region?.name ?? '';
    this.#cells.region.title = region === undefined ? '' : `Label ${region.label}`;
    this.#cells.level.textContent = coarsest === 0 ? '' : `level ${coarsest}, ${voxelWords(image.levels[coarsest].voxelSize)}`;
    this.#cells.level.title = coarsest === 0 ? '' : 'Values are means over the voxels of the level that is shown.';
    if (pointed === undefined) {
      this.#speak([point, ...values.map(({ label, words }) => `${label} ${words}`), ...(region === undefined ? [] : [region.name])].join(', '));
      if (coarsest > 0) this.#readExactly(whole, key);
    }
  }

  /** Fewer words than changes: who listens hears where it came to rest. */
  #speak(words: string): void {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => {
      this.#spoken = performance.now();
      if (this.#speech.textContent !== words) this.#speech.textContent = words;
    }, Math.max(250, speechInterval - (performance.now() - this.#spoken))) as unknown as number;
  }

  /** The planes have come to rest at a coarse level: values of the finest one are fetched, when that is cheap. */
  #readExactly(voxel: Triple, key: string): void {
    const { image, ref, state } = this.#viewer;
    const [x, y, z] = image.levels[0].chunk;
    const channels = state.channels.flatMap(({ visible }, i) => (visible ? [i] : []));
    if (channels.length === 0 || this.#exact?.voxel === key || 2 * x * y * z * channels.length > exactBytes) return;
    clearTimeout(this.#rest);
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#rest = setTimeout(() => {
      this.#asker.ask('image.voxel', { image: ref, voxel, channels }, abort.signal).then(({ values }) => {
        this.#exact = { voxel: key, values: new Map(channels.map((channel, i) => [channel, values[i]])) };
        this.#viewer.update({});
      }, () => undefined);
    }, restMs) as unknown as number;
  }
}
