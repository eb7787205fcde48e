import { make, makeButton } from '../kit/dom.ts';

/** What keys and the mouse do, as the page tells it on `?`. */
const lines: readonly (readonly [string, string])[] = [
  ['↑ ↓, wheel', 'next and previous slice'],
  ['Page Up, Page Down', 'ten slices'],
  ['Home, End', 'first and last slice'],
  ['Shift + arrows', 'move the crosshair within the plane'],
  ['+ −, Ctrl + wheel', 'zoom'],
  ['0', 'fit the planes into their panes'],
  ['R', 'show all of it again: fit, middle, no slab, level by zoom'],
  ['1 … 9', 'show or hide a channel'],
  ['M', 'maximum over a slab around the plane, on and off'],
  ['T', 'mask of a threshold, on and off'],
  ['X', 'crosshair, on and off'],
  ['Shift + drag, middle button', 'move the picture'],
  ['Right button, dragged', 'brightness (across: width, down: level)'],
  ['Double click', 'one plane alone, or all'],
  ['?', 'this list'],
];

/** The list of keys, over the page. */
export class Help {
  readonly element: HTMLDialogElement;

  constructor() {
    const close = makeButton('Close', () => { this.element.close(); }, { class: 'action primary' });
    this.element = make('dialog', { class: 'help', 'aria-label': 'Keys and mouse' }, make('h2', {}, 'Keys and mouse'),
      make('dl', {}, ...lines.flatMap(([keys, what]) => [make('dt', {}, keys), make('dd', {}, what)])), close);
    // What is pressed here is not meant for the image; Escape closes it by itself.
    this.element.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === '?') this.toggle();
    });
  }

  toggle(): void {
    if (this.element.open) this.element.close();
    else this.element.showModal();
  }
}
