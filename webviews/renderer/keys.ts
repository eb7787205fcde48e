const arrows: readonly string[] = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown'];
const presses: readonly string[] = ['Enter', ' '];

/** Whether a control does something itself with a key. */
function isOwn(control: Element, key: string): boolean {
  if (control instanceof HTMLInputElement) return control.type === 'range' ? arrows.includes(key) : control.type === 'checkbox' ? key === ' ' : key !== 'Escape';
  if (control instanceof HTMLSelectElement) return key !== 'Escape' && key !== 'Tab';
  if (control instanceof HTMLButtonElement || control.tagName === 'SUMMARY') return presses.includes(key);
  return arrows.includes(key);
}

/** Keeps keys that a control of an output uses from the notebook: it would go to another cell by `End`, or edit one by `Enter`. */
export function keepKeys(root: HTMLElement): void {
  root.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const control = (event.target as Element).closest('input, select, button, summary, pre, .scroll');
    if (control !== null && root.contains(control) && isOwn(control, event.key)) event.stopPropagation();
  });
}
