import { reportError } from '../../runner/protocol/errors.ts';
import { make, makeButton } from '../kit/dom.ts';
import type { Asker } from '../kit/asker.ts';
import { icon } from './icons.ts';
import type { ImageQuestions } from './messages.ts';
import type { Rendering } from './rendering.ts';
import type { Viewer } from './viewer.ts';
import { shownAtFirst } from './viewState.ts';
import { imageFacts, voxelWords } from './words.ts';

/** Voxels of a volume that is rendered: what graphics of laptops turn smoothly. */
const renderedVoxels = 6e6;
/** Milliseconds from the last change of colours and windows until the rendering has them. */
const restMs = 120;

/** What an image is like, and, when it is asked for, its rendering. */
export class VolumePane {
  readonly element: HTMLElement;
  readonly #viewer: Viewer;
  readonly #asker: Asker<ImageQuestions>;
  readonly #facts: HTMLElement;
  readonly #stage = make('div', { class: 'stage', hidden: true });
  readonly #place = make('span', { class: 'place' });
  readonly #note = make('p', { class: 'pane-note', role: 'status', hidden: true });
  readonly #start: HTMLButtonElement;
  #channels: readonly number[] = [];
  #rendering: Rendering | undefined;
  #abort: AbortController | undefined;
  #shown = '';
  #later = 0;
  #bytes = 0;

  constructor(viewer: Viewer, asker: Asker<ImageQuestions>, enlarge: () => void) {
    this.#viewer = viewer;
    this.#asker = asker;
    this.#start = makeButton('Show in 3-D', () => { void this.start(); }, { class: 'action' });
    const facts = imageFacts(viewer.image);
    this.#facts = make('div', { class: 'facts-card' },
      make('dl', {}, ...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
      ...viewer.image.notices.map((notice) => make('p', { class: 'notice', role: 'note' }, notice)), this.#start);
    const larger = makeButton('', enlarge, { class: 'icon enlarge', title: 'Show the rendering alone, or all planes', 'aria-label': 'Rendering alone or all planes' });
    larger.append(icon('enlarge'));
    this.element = make('section', { class: 'pane volume', 'aria-label': '3-D' }, this.#stage, this.#facts, make('header', {}, make('h2', {}, 'About this image'), this.#place, larger), this.#note);
    this.#stage.addEventListener('keydown', (event) => { this.#onKey(event); });
    this.#stage.addEventListener('wheel', (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.#rendering?.zoom(2 ** (-event.deltaY / 400));
    }, { passive: false, capture: true });
  }

  /** Bytes of the volumes that are rendered: as they came, and as the graphics has them, four to a voxel. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Loads the volume and the program that renders it. */
  async start(): Promise<void> {
    if (this.#rendering !== undefined || this.#abort !== undefined) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#start.disabled = true;
    this.#tell('Loading the volume…');
    try {
      if (document.createElement('canvas').getContext('webgl2') === null) throw new Error('A rendering needs WebGL 2, which this window does not have: graphics acceleration may be off. The planes work without it.');
      const wanted = this.#viewer.neededChannels.slice(0, shownAtFirst + 1);
      this.#channels = wanted.length === 0 ? [0] : wanted;
      const [{ Rendering: Program }, volume] = await Promise.all([
        import('./rendering.ts'),
        this.#asker.ask('image.volume', { image: this.#viewer.ref, channels: this.#channels, voxels: renderedVoxels }, abort.signal),
      ]);
      let from = 0;
      const parts = volume.lengths.map((length, i) => {
        const nifti = volume.bytes.slice(from, from + length).buffer;
        from += length;
        return { nifti, label: this.#viewer.image.channels[this.#channels[i]].label };
      });
      const canvas = make('canvas', { tabindex: 0, role: 'img', 'aria-label': 'Rendering. Arrow keys turn it, plus and minus zoom, C cuts off what is in front, Shift+C less of it.' });
      this.#stage.replaceChildren(canvas);
      this.#stage.hidden = false;
      this.#facts.hidden = true;
      this.element.querySelector('h2')?.replaceChildren('3-D');
      const rendering = await Program.start(canvas, parts);
      abort.signal.throwIfAborted();
      this.#rendering = rendering;
      const { size } = this.#viewer.image.levels[volume.level];
      // The channels, and twice what they are mixed into: here and at the graphics.
      this.#bytes = volume.bytes.length + 8 * size[0] * size[1] * size[2];
      this.#place.textContent = `level ${volume.level}, ${voxelWords(this.#viewer.image.levels[volume.level].voxelSize)}`;
      this.#tell(undefined);
      this.#shown = '';
      this.show();
    } catch (error) {
      this.stop();
      const report = reportError(error);
      if (report.code !== 'cancelled') this.#tell([report.message, report.hint].filter((part) => part !== undefined).join(' '));
    } finally {
      this.#start.disabled = false;
      if (this.#abort === abort) this.#abort = undefined;
    }
  }

  /** Colours and windows follow those of the planes. */
  show(): void {
    if (this.#rendering === undefined) return;
    const { channels } = this.#viewer.state;
    const looks = this.#channels.map((channel) => {
      const { visible, color, window = { low: 0, high: 1 } } = channels[channel];
      return { visible, color, window };
    });
    const key = JSON.stringify(looks);
    if (key === this.#shown) return;
    const isFirst = this.#shown === '';
    this.#shown = key;
    clearTimeout(this.#later);
    const rendering = this.#rendering;
    // All voxels are mixed anew, which a window that is being dragged does not wait for.
    this.#later = window.setTimeout(() => { rendering.look(looks); }, isFirst ? 0 : restMs);
  }

  /** What is rendered; undefined: nothing is. */
  picture(): HTMLCanvasElement | undefined {
    return this.#rendering?.picture();
  }

  /** Ends the rendering and shows the facts again. */
  stop(): void {
    clearTimeout(this.#later);
    this.#abort?.abort();
    this.#abort = undefined;
    this.#rendering?.dispose();
    this.#rendering = undefined;
    this.#bytes = 0;
    this.#stage.replaceChildren();
    this.#stage.hidden = true;
    this.#facts.hidden = false;
    this.#place.textContent = '';
    this.element.querySelector('h2')?.replaceChildren('About this image');
  }

  #tell(text: string | undefined): void {
    this.#note.hidden = text === undefined;
    this.#note.textContent = text ?? '';
  }

  #onKey(event: KeyboardEvent): void {
    const rendering = this.#rendering;
    if (rendering === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const turn = turns[event.key];
    if (turn !== undefined) rendering.turn(...turn);
    else if (event.key === '+' || event.key === '=') rendering.zoom(1.2);
    else if (event.key === '-') rendering.zoom(1 / 1.2);
    else if (event.key.toLowerCase() === 'c') rendering.clip(event.shiftKey ? -0.1 : 0.1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

const turns: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, 10], ArrowDown: [0, -10] };
