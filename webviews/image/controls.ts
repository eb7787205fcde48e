import { make } from '../kit/dom.ts';

/** A checkbox with its label. */
export function makeCheck(label: string, onChange: (on: boolean) => void, hideLabel = false): { readonly element: HTMLElement; set(on: boolean): void } {
  const box = make('input', { type: 'checkbox', ...(hideLabel ? { 'aria-label': label } : {}) });
  box.addEventListener('change', () => { onChange(box.checked); });
  const element = make('label', { class: 'check' }, box, ...(hideLabel ? [] : [make('span', {}, label)]));
  return { element, set: (on) => { box.checked = on; } };
}

/** A slider with its label and, in words, its value. */
export function makeSlider(label: string, words: (value: number) => string, onChange: (value: number) => void): {
  readonly element: HTMLElement; set(value: number, range: { readonly min: number; readonly max: number; readonly step: number }): void;
} {
  const input = make('input', { type: 'range' });
  const shown = make('output', {});
  input.addEventListener('input', () => {
    shown.textContent = words(input.valueAsNumber);
    onChange(input.valueAsNumber);
  });
  const element = make('label', { class: 'slider' }, make('span', { class: 'name' }, label), input, shown);
  return {
    element,
    set: (value, { min, max, step }) => {
      input.min = String(min);
      input.max = String(max);
      input.step = String(step);
      input.value = String(value);
      input.setAttribute('aria-valuetext', words(value));
      shown.textContent = words(value);
    },
  };
}

/** A choice among a few. */
export function makeSelect(label: string, onChange: (value: string) => void): { readonly element: HTMLElement; set(value: string, options: readonly (readonly [string, string])[]): void } {
  const select = make('select', { 'aria-label': label });
  select.addEventListener('change', () => { onChange(select.value); });
  let shown = '';
  return {
    element: make('label', { class: 'select' }, make('span', { class: 'name' }, label), select),
    set: (value, options) => {
      const key = JSON.stringify(options);
      if (key !== shown) select.replaceChildren(...options.map(([id, text]) => make('option', { value: id }, text)));
      shown = key;
      select.value = value;
    },
  };
}

/** Buttons of which one is pressed; arrow keys go from one to the next, as in any group of radio buttons. */
export function makeRadios<T extends string>(label: string, options: readonly { readonly value: T; readonly title: string; readonly content: readonly (Node | string)[]; readonly key?: string }[], onChange: (value: T) => void): { readonly element: HTMLElement; set(value: T): void } {
  const buttons = options.map(({ value, title, content, key }) => {
    const button = make('button', { type: 'button', role: 'radio', 'aria-checked': 'false', title, 'aria-label': title, 'data-value': value, ...(key === undefined ? {} : { 'aria-keyshortcuts': key }) }, ...content);
    button.addEventListener('click', () => { onChange(value); });
    return button;
  });
  const element = make('div', { class: 'radios', role: 'radiogroup', 'aria-label': label }, ...buttons);
  element.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = buttons.findIndex((button) => button === document.activeElement);
    if (by === undefined || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (at + by + buttons.length) % buttons.length;
    buttons[next].focus();
    onChange(options[next].value);
  });
  return {
    element,
    set: (value) => {
      buttons.forEach((button, i) => {
        const on = options[i].value === value;
        button.setAttribute('aria-checked', String(on));
        button.tabIndex = on ? 0 : -1;
      });
    },
  };
}

/** A button that stays pressed. */
export function makeToggle(title: string, content: readonly (Node | string)[], onPress: () => void): { readonly element: HTMLButtonElement; set(on: boolean): void } {
  const element = make('button', { type: 'button', class: 'icon', 'aria-pressed': 'false', title, 'aria-label': title }, ...content);
  element.addEventListener('click', onPress);
  return { element, set: (on) => { element.setAttribute('aria-pressed', String(on)); } };
}
