import type { Block, Figure, Result, ResultView } from '../../runner/protocol/results.ts';
import { renderChart } from './chart.ts';
import { make, makeButton } from './dom.ts';
import { whenOffered } from './offers.ts';
import { renderSlices } from './slices/slicesView.ts';
import { renderTable } from './table.ts';

/** What the buttons and links of a result do; left out where nothing can be done. */
export interface BlockActions {
  readonly openLink?: (uri: string, title: string) => void;
  /** A command that leads on: the place decides whether it is run or put into a cell. */
  readonly useCommand?: (text: string) => void;
  /** Puts a command into a notebook, where that is another thing than using it. */
  readonly insertCommand?: (text: string) => void;
  /** Opens what the result is about; shown only while it is offered (`offers.ts`). */
  readonly openView?: (view: ResultView) => void;
  /** Shows the whole result elsewhere, because there is little room here: long tables show their beginning. */
  readonly openResult?: () => void;
  readonly copyText?: (text: string) => void;
  /** Takes a flag that the result offers, e.g. the threshold of a method. */
  readonly choose?: (flag: string, value: string) => void;
}

/** Builds the elements of a result. Styles: `blocks.css`. */
export function renderResult(result: Result, actions: BlockActions): HTMLElement {
  return make('article', { class: 'spimquant-result', 'aria-label': result.title },
    make('h2', {}, result.title), ...renderOpens(result, actions), ...result.blocks.map((block) => renderSafely(block, actions)));
}

/** A block of a result, or a word in its place where a file has damaged it: the others are still of use. */
function renderSafely(block: Block, actions: BlockActions): HTMLElement {
  try {
    return renderBlock(block, actions);
  } catch (error) {
    return make('p', { class: 'notice error', role: 'note' }, `A part of this result is damaged (${error instanceof Error ? error.message : String(error)}). Run the command again.`);
  }
}

const viewTitles: Readonly<Record<ResultView['kind'], string>> = { image: 'Open in Image Viewer', outputs: 'Open Outputs' };

/** Buttons that lead to the full views. */
function renderOpens({ views = [], blocks }: Result, { openView, openResult }: BlockActions): readonly HTMLElement[] {
  const buttons: HTMLElement[] = [];
  if (openView !== undefined) {
    for (const view of views) {
      buttons.push(whenOffered(makeButton(viewTitles[view.kind], () => { openView(view); }, { class: 'action', title: view.uri }), view.kind === 'image' ? 'openImage' : 'openOutputs'));
    }
  }
  if (openResult !== undefined && blocks.some(({ kind }) => kind === 'slices' || kind === 'table' || kind === 'chart' || kind === 'figures')) {
    buttons.push(whenOffered(makeButton('Open Full View', openResult, { class: 'action', title: 'Show this result in a panel of its own' }), 'openResult'));
  }
  return buttons.length === 0 ? [] : [make('div', { class: 'opens' }, ...buttons)];
}

function renderBlock(block: Block, actions: BlockActions): HTMLElement {
  switch (block.kind) {
    case 'facts':
      return titled(block.title, make('dl', { class: 'facts' }, ...block.facts.flatMap(({ label, value }) => [make('dt', {}, label), make('dd', {}, value)])));
    case 'table':
      return renderTable(block, { ...(actions.openResult === undefined ? {} : { openFull: actions.openResult }), ...(actions.copyText === undefined ? {} : { copy: actions.copyText }) });
    case 'chart':
      return renderChart(block);
    case 'slices':
      return renderSlices(block, actions.choose === undefined ? {} : { choose: actions.choose });
    case 'figures':
      return make('div', { class: 'figures' }, ...block.figures.map(renderFigure));
    case 'notice':
      return make('p', { class: `notice ${block.level}`, role: 'note' }, make('strong', {}, noticeWords[block.level]), ` ${block.text}`);
    case 'text':
      return make('pre', { tabindex: 0 }, block.text);
    case 'links':
      return titled(block.title, make('ul', { class: 'links' }, ...block.links.map(({ title, uri }) => make('li', {}, renderLink(title, uri, actions)))));
    case 'commands':
      return titled(block.title, make('ul', { class: 'commands' }, ...block.commands.map(({ title, text }) => renderCommand(title, text, actions))));
  }
}

const noticeWords = { info: 'Note:', warn: 'Warning:', error: 'Error:' } as const;

function titled(title: string | undefined, body: HTMLElement): HTMLElement {
  return title === undefined ? body : make('section', { 'aria-label': title }, make('h3', {}, title), body);
}

function renderLink(title: string, uri: string, { openLink }: BlockActions): HTMLElement {
  if (openLink === undefined) return make('span', {}, title, ' ', make('code', {}, uri));
  return makeButton(title, () => { openLink(uri, title); }, { class: 'link', title: uri });
}

function renderCommand(title: string, text: string, { useCommand, insertCommand }: BlockActions): HTMLElement {
  const row = make('li', {});
  row.append(useCommand === undefined ? make('span', {}, title) : makeButton(title, () => { useCommand(text); }, { class: 'action', title: text }));
  if (insertCommand !== undefined) row.append(makeButton('Insert as Cell', () => { insertCommand(text); }, { class: 'quiet', 'aria-label': `Insert as cell: ${title}` }));
  row.append(make('code', {}, text));
  return row;
}

/** A picture that fits its place; pressing it shows every pixel, pressing again makes it fit. */
function renderFigure(figure: Figure): HTMLElement {
  const image = make('img', { src: figureAddress(figure), alt: figure.alt, width: figure.width, height: figure.height, draggable: 'false' });
  const zoom = make('button', { type: 'button', class: 'zoom', 'aria-pressed': 'false', title: 'Show in full size' }, image);
  const element = make('figure', {}, zoom);
  if (figure.title !== undefined) element.append(make('figcaption', {}, figure.title));
  zoom.addEventListener('click', () => {
    const large = element.classList.toggle('large');
    zoom.setAttribute('aria-pressed', String(large));
    zoom.title = large ? 'Fit' : 'Show in full size';
  });
  return element;
}

/** Shown as an image, an SVG runs no scripts and loads nothing. */
function figureAddress({ mediaType, data }: Figure): string {
  return mediaType === 'image/png' ? `data:image/png;base64,${data}` : `data:image/svg+xml;charset=utf-8,${encodeURIComponent(data)}`;
}
