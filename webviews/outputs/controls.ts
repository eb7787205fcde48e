import { make } from '../kit/dom.ts';

/** A value to choose, and how it is called. */
export interface Option {
  readonly value: string;
  readonly title: string;
  /** Heading that it stands under. */
  readonly group?: string;
}

/** A choice with its label, whose options may change. */
export class Choice {
  readonly element: HTMLElement;
  readonly #select = make('select', {});
  readonly #onChange: (value: string) => void;
  #options: readonly Option[] = [];
  #says = '';

  constructor(label: string, onChange: (value: string) => void) {
    this.#onChange = onChange;
    this.element = make('label', { class: 'choice' }, make('span', {}, label), this.#select);
    this.#select.addEventListener('change', () => { this.#onChange(this.#select.value); });
  }

  get value(): string {
    return this.#select.value;
  }

  get title(): string {
    return this.#options.find(({ value }) => value === this.value)?.title ?? '';
  }

  /** Sets what there is to choose; `wanted` is chosen where it is there, else what was, else the first. Hidden where there is nothing to choose. */
  set(options: readonly Option[], wanted?: string, shown = options.length > 1): void {
    const has = (value: string | undefined): boolean => options.some((option) => option.value === value);
    const value = has(wanted) ? wanted : has(this.value) ? this.value : options[0]?.value;
    const says = JSON.stringify(options);
    if (says !== this.#says) {
      this.#says = says;
      this.#options = options;
      const groups = Map.groupBy(options, ({ group }) => group ?? '');
      this.#select.replaceChildren(...[...groups].flatMap(([group, own]) => {
        const made = own.map((option) => make('option', { value: option.value }, option.title));
        return group === '' ? made : [make('optgroup', { label: group }, ...made)];
      }));
    }
    if (value !== undefined) this.#select.value = value;
    this.element.hidden = !shown;
  }
}

/** A field to write into; tells what is written after a short rest. */
export function makeField(label: string, placeholder: string, value: string, onChange: (text: string) => void, restMs = 150): HTMLInputElement {
  const field = make('input', { type: 'search', 'aria-label': label, placeholder, value, spellcheck: 'false' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => { onChange(field.value); }, restMs);
  });
  return field;
}

/** A box to tick, with its label. */
export function makeTick(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLLabelElement {
  const box = make('input', { type: 'checkbox', checked });
  box.addEventListener('change', () => { onChange(box.checked); });
  return make('label', { class: 'tick' }, box, label);
}

/** Says that there is nothing to show, and what would make something. */
export function nothing(text: string, ...more: readonly HTMLElement[]): HTMLElement {
  return make('div', { class: 'nothing' }, make('p', {}, text), ...more);
}
