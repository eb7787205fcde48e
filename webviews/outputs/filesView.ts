import type { OutputEntry, OutputKind } from '../../runner/protocol/outputs.ts';
import { formatBytes } from '../../runner/wording/words.ts';
import { make, makeButton } from '../kit/dom.ts';
import { VirtualList } from '../kit/virtualList.ts';
import { makeField } from './controls.ts';
import { isWithin, scopeTitle } from './model.ts';
import type { OutputsModel } from './model.ts';
import type { PartContext } from './part.ts';

const kindWords: Readonly<Record<OutputKind, string>> = { report: 'Report', figure: 'Figure', table: 'Table', map: 'Map', image: 'Image', other: 'Text' };

/** All files, by whom and kind, to open each in its own way. */
export class FilesView {
  readonly element = make('section', { class: 'files part', 'aria-label': 'Files' });
  readonly #context: PartContext;
  readonly #list: VirtualList<OutputEntry>;
  readonly #counts = make('span', { class: 'dim counts', role: 'status' });
  readonly #buttons: readonly HTMLButtonElement[];
  #model: OutputsModel | undefined;
  #scope = '';
  #entries: readonly OutputEntry[] = [];

  constructor(context: PartContext) {
    this.#context = context;
    this.#list = new VirtualList<OutputEntry>({
      label: 'Files', rowHeight: 24,
      fill: (element, entry) => { fillRow(element, entry); },
      need: (from, count) => { this.#list.put(from, this.#entries.slice(from, from + count)); },
      onSelect: () => { this.#enable(); },
    });
    this.#list.element.addEventListener('dblclick', () => { this.#open(); });
    this.#list.element.addEventListener('keydown', ({ key }) => { if (key === 'Enter') this.#open(); });
    const search = makeField('Search files', 'Search', context.choices('files')['search'] ?? '', (text) => { context.choose('files', { search: text }); });
    const act = (action: 'open' | 'openImage' | 'reveal' | 'copyAddress') => (): void => {
      const entry = this.#entries[this.#list.selected];
      if (entry !== undefined && this.#model !== undefined) context.act(action, this.#model, entry);
    };
    this.#buttons = [
      makeButton('Open in Editor', act('open'), { class: 'action' }), makeButton('Open Image', act('openImage'), { class: 'action' }),
      makeButton('Reveal', act('reveal'), { class: 'action' }), makeButton('Copy Address', act('copyAddress'), { class: 'action' }),
    ];
    this.element.append(make('div', { class: 'controls' }, search, ...this.#buttons, this.#counts), this.#list.element);
    this.#enable();
  }

  update(model: OutputsModel, scope: string): void {
    const search = (this.#context.choices('files')['search'] ?? '').trim().toLowerCase();
    const entries = model.files.filter((entry) => isWithin(entry, scope) && (search === '' || entry.path.toLowerCase().includes(search) || entry.title.toLowerCase().includes(search)));
    const selected = this.#entries[this.#list.selected]?.path;
    const isSame = model === this.#model && scope === this.#scope && entries.length === this.#entries.length && entries.every((entry, at) => entry === this.#entries[at]);
    if (isSame) return;
    [this.#model, this.#scope, this.#entries] = [model, scope, entries];
    this.#list.clear();
    this.#list.setTotal(entries.length);
    const again = entries.findIndex(({ path }) => path === selected);
    if (again >= 0) this.#list.select(again);
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    this.#counts.textContent = `${entries.length.toLocaleString('en')} ${entries.length === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`;
    this.#enable();
  }

  #open(): void {
    const entry = this.#entries[this.#list.selected];
    if (entry === undefined || this.#model === undefined) return;
    this.#context.act(entry.kind === 'image' || entry.kind === 'map' ? 'openImage' : 'open', this.#model, entry);
  }

  #enable(): void {
    const entry = this.#entries[this.#list.selected];
    const isImage = entry?.kind === 'image' || entry?.kind === 'map';
    const [open, openImage, ...others] = this.#buttons;
    open.disabled = entry === undefined || isImage || /\.parquet$/.test(entry.path);
    openImage.disabled = !isImage;
    for (const button of others) button.disabled = entry === undefined;
  }
}

function fillRow(element: HTMLElement, entry: OutputEntry | undefined): void {
  if (entry === undefined) {
    element.replaceChildren();
    return;
  }
  element.title = entry.path;
  element.replaceChildren(
    make('span', { class: 'who' }, scopeTitle(entry.scope)), make('span', { class: 'kind' }, kindWords[entry.kind]),
    make('span', { class: 'what' }, entry.title), make('span', { class: 'size' }, entry.bytes === 0 ? '' : formatBytes(entry.bytes)));
}
