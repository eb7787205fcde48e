import type { Block, Figure, Result } from '../../runner/protocol/results.ts';
import { make, makeButton } from './dom.ts';
import { renderTable } from './table.ts';

/** What the buttons and links of a result do; left out where nothing can be done. */
export interface BlockActions {
  readonly openLink?: (uri: string, title: string) => void;
  /** A command that leads on: the place decides whether it is run or put into a cell. */
  readonly useCommand?: (text: string) => void;
  /** Puts a command into a notebook, where that is another thing than using it. */
  readonly insertCommand?: (text: string) => void;
}

/** Builds the elements of a result. Styles: `blocks.css`. */
export function renderResult(result: Result, actions: BlockActions): HTMLElement {
  return make('article', { class: 'spimquant-result', 'aria-label': result.title },
    make('h2', {}, result.title), ...result.blocks.map((block) => renderBlock(block, actions)));
}

function renderBlock(block: Block, actions: BlockActions): HTMLElement {
  switch (block.kind) {
    case 'facts':
      return titled(block.title, make('dl', { class: 'facts' }, ...block.facts.flatMap(({ label, value }) => [make('dt', {}, label), make('dd', {}, value)])));
    case 'table':
      return renderTable(block);
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
