import type { ImageRef, PlaneName, Triple } from '../../runner/protocol/imageView.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import type { Asker } from '../kit/asker.ts';
import { formatBytes } from '../../runner/wording/words.ts';
import { make, makeButton } from '../kit/dom.ts';
import { ChannelPanel } from './channelPanel.ts';
import { makeRadios, makeSelect, makeSlider, makeToggle } from './controls.ts';
import { pageBudget } from './budget.ts';
import type { FirstLook } from './firstLook.ts';
import { withLook } from './firstLook.ts';
import { Help } from './help.ts';
import { icon } from './icons.ts';
import type { FromImagePage, ImageQuestions, ShownPlace, ViewerCommand } from './messages.ts';
import { OverlayPanel } from './overlayPanel.ts';
import { Pane, planeTitles } from './pane.ts';
import { picturePng, type PicturePart } from './screenshot.ts';
import { StatusBar } from './statusBar.ts';
import { ThresholdPanel } from './thresholdPanel.ts';
import { TroubleBar } from './trouble.ts';
import { Viewer } from './viewer.ts';
import type { Layout, OverlayState, ViewState } from './viewState.ts';
import { VolumePane } from './volumePane.ts';
import { pictureName, planeWords, voxelWords } from './words.ts';

/** What an open image's page needs. */
export interface ImagePageOptions {
  readonly ref: ImageRef;
  readonly answer: Requests['image.open']['result'];
  readonly state: ViewState;
  readonly place: ShownPlace;
  readonly asker: Asker<ImageQuestions>;
  readonly post: (message: FromImagePage) => void;
  readonly keep: (state: ViewState) => void;
}

const planeNames: readonly PlaneName[] = ['coronal', 'sagittal', 'axial'];
/** Thickest slab that is offered, as a share of the image's shortest side. */
const thickest = 0.5;
/** Time for which it is said that the runner is there again, in milliseconds. */
const backMs = 4000;
/** What is said of the runner while no error is shown. */
const runnerNotes = {
  there: undefined,
  lost: 'The runner has stopped and is being started again. What is shown stays; the rest follows by itself.',
  back: 'The runner had stopped; it is there again.',
} as const;

/** The page of an image that is open: panes, the panel beside them, and what is said of the voxel. */
export class ImagePage {
  readonly element: HTMLElement;
  readonly #options: ImagePageOptions;
  readonly #viewer: Viewer;
  readonly #panes: readonly Pane[];
  readonly #volume: VolumePane;
  readonly #grid: HTMLElement;
  readonly #side: HTMLElement;
  readonly #channels: ChannelPanel;
  readonly #threshold: ThresholdPanel;
  readonly #overlays: OverlayPanel;
  readonly #status: StatusBar;
  readonly #trouble: TroubleBar;
  #runner: 'there' | 'lost' | 'back' = 'there';
  #backTimer = 0;
  readonly #help = new Help();
  readonly #memory = make('p', { class: 'note' });
  readonly #observer: ResizeObserver;
  readonly #layouts: ReturnType<typeof makeRadios<Layout>>;
  readonly #tools: ReturnType<typeof makeRadios<ViewState['tool']>>;
  readonly #toggles: { readonly link: ReturnType<typeof makeToggle>; readonly panel: ReturnType<typeof makeToggle> };
  readonly #level: ReturnType<typeof makeSelect>;
  readonly #slab: ReturnType<typeof makeSlider>;
  readonly #crosshair: HTMLInputElement;
  readonly #progress = make('div', { class: 'progress', role: 'progressbar', 'aria-label': 'Loading', hidden: true });
  #frame = 0;

  constructor(options: ImagePageOptions) {
    this.#options = options;
    const { ref, answer, state, asker, post, place } = options;
    const viewer = new Viewer(ref, answer, state, asker, {
      onChange: () => { this.#schedule(); },
      onState: options.keep,
      onMoved: (point) => { post({ type: 'moved', point }); },
    });
    this.#viewer = viewer;
    const enlarge = (plane: PlaneName): void => { this.#setLayout(viewer.state.layout === plane ? 'planes' : plane); };
    this.#panes = planeNames.map((name) => {
      const plane = viewer.image.planes.find((each) => each.plane === name) ?? viewer.image.planes[0];
      return new Pane(viewer, plane, { enlarge, onPointer: () => { this.#status.show(this.#shownPanes().map(({ shown }) => shown)); } });
    });
    this.#volume = new VolumePane(viewer, asker, () => { this.#setLayout(viewer.state.layout === 'volume' ? 'planes' : 'volume'); });
    this.#grid = make('div', { class: 'panes' }, ...this.#panes.map(({ element }) => element), this.#volume.element);
    this.#channels = new ChannelPanel(viewer, asker);
    this.#threshold = new ThresholdPanel(viewer, this.#channels, {
      insert: place.canSegment && viewer.isCounted ? (stain, threshold) => {
        const [first] = this.#shownPanes();
        const { index, count } = viewer.sliceOf(first.plane);
        post({ type: 'insert', stain, threshold, plane: first.plane.plane, position: Number((count < 2 ? 0.5 : index / (count - 1)).toFixed(3)) });
      } : undefined,
    });
    this.#overlays = new OverlayPanel(viewer, () => { post({ type: 'chooseOverlay' }); });
    this.#status = new StatusBar(viewer, asker);
    this.#trouble = new TroubleBar({ mend: (error) => { post({ type: 'mend', error }); }, retry: () => { this.retry(); }, showLog: () => { post({ type: 'showLog' }); } });

    this.#layouts = makeRadios<Layout>('Layout', [
      { value: 'planes', title: 'All planes', content: ['All'] },
      ...planeNames.map((name) => ({ value: name, title: `${planeTitles[name]} plane`, content: [planeTitles[name]] })),
      { value: 'volume', title: 'Rendering in 3-D', content: ['3-D'] },
    ], (layout) => { this.#setLayout(layout); });
    this.#tools = makeRadios<ViewState['tool']>('Drag', [
      { value: 'crosshair', title: 'Drag moves the crosshair', content: [icon('crosshair')] },
      { value: 'pan', title: 'Drag moves the picture (or Shift, or the middle button)', content: [icon('pan')] },
      { value: 'window', title: 'Drag changes the window (or the right button)', content: [icon('window')] },
    ], (tool) => { viewer.update({ tool }); });
    this.#toggles = {
      link: makeToggle('Linked: moves with other images that are linked', [icon('link')], () => { viewer.update({ linked: !viewer.state.linked }); if (viewer.state.linked) viewer.moveTo(viewer.state.position); }),
      panel: makeToggle('Panel of channels, threshold and overlays', [icon('panel')], () => { viewer.update({ panel: !viewer.state.panel }); }),
    };
    const iconButton = (title: string, name: Parameters<typeof icon>[0], press: () => void, key?: string): HTMLButtonElement => {
      const button = makeButton('', press, { class: 'icon', title, 'aria-label': title, ...(key === undefined ? {} : { 'aria-keyshortcuts': key }) });
      button.append(icon(name));
      return button;
    };
    const toolbar = make('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'View' }, this.#layouts.element, this.#tools.element,
      make('div', { class: 'group' }, iconButton('Show all of it again (R)', 'reset', () => { viewer.reset(); }, 'R'), iconButton('Save a picture (PNG)', 'camera', () => { void this.#picture('save'); }),
        iconButton('Copy a picture', 'copy', () => { void this.#picture('copy'); }), this.#toggles.link.element, this.#toggles.panel.element, iconButton('Keys and mouse (?)', 'help', () => { this.#help.toggle(); }, '?')));

    const crosshair = make('input', { type: 'checkbox' });
    crosshair.addEventListener('change', () => { viewer.update({ crosshair: crosshair.checked }); });
    this.#crosshair = crosshair;
    this.#level = makeSelect('Level', (value) => { viewer.update({ level: value === '' ? undefined : Number(value) }); });
    this.#slab = makeSlider('Slab', (mm) => (mm === 0 ? 'off' : mm >= 1 ? `${mm.toFixed(1)} mm` : `${Math.round(mm * 1000)} µm`), (slab) => { viewer.update({ slab }); });
    this.#slab.element.title = 'Shows the maximum over a slab around the plane (M)';
    const view = make('section', { 'aria-label': 'View' }, make('h2', {}, 'View'), this.#slab.element, this.#level.element, make('label', { class: 'check' }, crosshair, make('span', {}, 'Crosshair')), this.#memory);
    this.#side = make('aside', { class: 'side', 'aria-label': 'Settings' }, this.#channels.element, this.#threshold.element, this.#overlays.element, view);
    this.element = make('div', { class: 'viewer' }, toolbar, this.#progress, this.#trouble.element, make('div', { class: 'body' }, this.#grid, this.#side), this.#status.element, this.#help.element);

    this.#observer = new ResizeObserver(() => { this.#schedule(); });
    for (const { element } of this.#panes) this.#observer.observe(element);
    this.#schedule();
    void viewer.overlays.findRelated(ref);
    if (state.layout === 'volume') void this.#volume.start();
  }

  /** Another linked view is there now. */
  follow(point: Triple): void {
    this.#viewer.follow(point);
  }

  /** Shows what somebody else wants to be seen of the image. */
  look(look: FirstLook): void {
    this.#viewer.update(withLook(this.#viewer.state, this.#viewer.image, look));
  }

  /** Asks again for what could not be had. */
  retry(): void {
    this.#viewer.retry();
    if (this.#runner === 'lost') {
      this.#runner = 'back';
      // Long enough to be read.
      this.#backTimer = window.setTimeout(() => {
        this.#runner = 'there';
        this.#schedule();
      }, backMs);
    }
    this.#schedule();
  }

  /** The runner has stopped: what is shown stays, and what is asked for comes when it is there again. */
  lost(): void {
    clearTimeout(this.#backTimer);
    this.#runner = 'lost';
    this.#schedule();
  }

  addOverlay(overlay: OverlayState): void {
    this.#overlays.add(overlay);
  }

  setVisible(visible: boolean): void {
    if (visible) this.#schedule();
    else this.#viewer.store.trim();
  }

  run(command: ViewerCommand): void {
    if (command === 'reset') this.#viewer.reset();
    else if (command === 'threshold') this.#threshold.toggle();
    else void this.#picture(command === 'screenshot' ? 'save' : 'copy');
  }

  /** Keys that hold wherever one is in the page, save where one writes. */
  onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isWriting(event.target)) return;
    const { key } = event;
    if (/^[1-9]$/.test(key)) this.#channels.toggle(Number(key) - 1);
    else if (key === '+' || key === '=') this.#viewer.zoomBy(1.25);
    else if (key === '-' || key === '_') this.#viewer.zoomBy(1 / 1.25);
    else if (key === '0') this.#viewer.fit();
    else if (key === '?') this.#help.toggle();
    else if (key.toLowerCase() === 'm') this.#viewer.toggleSlab();
    else if (key.toLowerCase() === 'r') this.#viewer.reset();
    else if (key.toLowerCase() === 't') this.#threshold.toggle();
    else if (key.toLowerCase() === 'x') this.#viewer.update({ crosshair: !this.#viewer.state.crosshair });
    else return;
    event.preventDefault();
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#backTimer);
    this.#observer.disconnect();
    this.#volume.stop();
    this.#viewer.store.want([]);
  }

  #shownPanes(): readonly Pane[] {
    const { layout } = this.#viewer.state;
    if (layout === 'planes') return this.#panes;
    const one = this.#panes.filter(({ plane }) => plane.plane === layout);
    return one.length > 0 ? one : this.#panes.slice(0, 1);
  }

  #setLayout(layout: Layout): void {
    this.#viewer.update({ layout });
    if (layout === 'volume') void this.#volume.start();
    else this.#panes.find(({ plane }) => plane.plane === layout)?.focus();
  }

  #schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const viewer = this.#viewer;
    const { state, image } = viewer;
    this.#grid.dataset['layout'] = state.layout;
    this.#side.hidden = !state.panel;
    const panes = state.layout === 'volume' ? [] : this.#shownPanes();
    // All sizes first: what fits depends on them together.
    const changed = panes.map((pane) => pane.measure()).some(Boolean);
    const shown = panes.map((pane) => pane.shown);
    if (changed || shown.length !== this.#shownBefore) viewer.setPanes(shown);
    this.#shownBefore = shown.length;
    for (const pane of panes) pane.draw();
    this.#layouts.set(state.layout);
    this.#tools.set(state.tool);
    this.#toggles.link.set(state.linked);
    this.#toggles.panel.set(state.panel);
    this.#crosshair.checked = state.crosshair;
    this.#level.set(state.level === undefined ? '' : String(state.level), [['', 'by zoom'], ...image.levels.slice(0, image.storedLevels).map(({ voxelSize }, i): readonly [string, string] => [String(i), `${i} (${voxelWords(voxelSize)})`])]);
    const side = Math.min(...image.levels[0].size.map((n, axis) => n * image.levels[0].voxelSize[axis]));
    this.#slab.set(state.slab, { min: 0, max: Number((side * thickest).toPrecision(3)), step: Number((side / 200).toPrecision(2)) });
    if (state.panel) {
      this.#channels.show();
      this.#threshold.show(shown.at(0));
      this.#overlays.show();
    }
    this.#volume.show();
    this.#status.show(shown);
    this.#progress.hidden = !viewer.store.busy;
    this.#trouble.show(viewer.trouble(), runnerNotes[this.#runner]);
    this.#count(panes);
  }

  #shownBefore = 0;

  /** Says what the page holds of the image. */
  #count(panes: readonly Pane[]): void {
    const bytes = this.#viewer.store.bytes + this.#volume.bytes + panes.reduce((sum, pane) => sum + pane.bytes, 0);
    this.element.dataset['bytes'] = String(bytes);
    const words = `Memory of this page: ${formatBytes(bytes)}, of ${formatBytes(pageBudget.all)} at most.`;
    if (this.#memory.textContent !== words) this.#memory.textContent = words;
  }

  async #picture(how: 'save' | 'copy'): Promise<void> {
    const { post, ref } = this.#options;
    try {
      const parts = this.#pictureParts();
      const png = picturePng(parts, window.devicePixelRatio);
      if (how === 'copy') {
        // Given as a promise, so that the press of the button still counts when the picture is ready.
        await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
        post({ type: 'tell', level: 'info', text: 'The picture is in the clipboard.' });
        return;
      }
      const blob = await png;
      post({ type: 'save', name: pictureName(ref.uri, this.#viewer.state.layout === 'planes' ? 'planes' : this.#viewer.state.layout), png: new Uint8Array(await blob.arrayBuffer()) });
    } catch (error) {
      const { message } = reportError(error);
      post({ type: 'tell', level: 'error', text: how === 'copy' ? `The picture could not be copied: ${message} It can be saved instead.` : `The picture could not be made: ${message}` });
    }
  }

  #pictureParts(): readonly PicturePart[] {
    const viewer = this.#viewer;
    const rendered = this.#volume.picture();
    const volume: readonly PicturePart[] = rendered !== undefined && (viewer.state.layout === 'planes' || viewer.state.layout === 'volume') ? [{ canvas: rendered, box: rendered.getBoundingClientRect(), title: '3-D' }] : [];
    if (viewer.state.layout === 'volume' && volume.length > 0) return volume;
    return [...this.#shownPanes().map((pane) => ({
      canvas: pane.picture, box: pane.picture.getBoundingClientRect(), title: `${planeTitles[pane.plane.plane]}, ${planeWords(viewer.image, pane.plane, viewer.state.position)}`,
    })), ...volume];
  }
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement ? !['checkbox', 'range', 'color'].includes(target.type) : target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}
