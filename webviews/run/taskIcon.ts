import type { TaskStatus } from '../../runner/protocol/runState.ts';

/** Paths of 16 by 16 icons, drawn in the colour of the text: each state has a shape of its own, so that colour is not all that tells. */
const paths: { readonly [S in TaskStatus]: string } = {
  waiting: 'M8 4.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6zm0 1.1a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4z',
  running: 'M8 1.8a6.2 6.2 0 1 0 6.2 6.2H13A5 5 0 1 1 8 3z',
  finished: 'M6.3 11.6 2.9 8.2l-.8.8 4.2 4.2 8-8-.8-.8z',
  failed: 'M8 7.2 4.4 3.6l-.8.8L7.2 8l-3.6 3.6.8.8L8 8.8l3.6 3.6.8-.8L8.8 8l3.6-3.6-.8-.8z',
  skipped: 'M3 7.4h10v1.2H3z',
  cancelled: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.2c1.2 0 2.4.4 3.3 1.1L3.8 11.3A5.3 5.3 0 0 1 8 2.7zm0 10.6c-1.2 0-2.4-.4-3.3-1.1l7.5-7.5A5.3 5.3 0 0 1 8 13.3z',
};

const svg = 'http://www.w3.org/2000/svg';

/** The states of a task in words. */
export const taskWords: { readonly [S in TaskStatus]: string } = {
  waiting: 'waiting', running: 'running', finished: 'done', failed: 'failed', skipped: 'skipped', cancelled: 'not done',
};

/** The icon of a task's state. */
export function taskIcon(status: TaskStatus): SVGSVGElement {
  const icon = document.createElementNS(svg, 'svg');
  icon.setAttribute('viewBox', '0 0 16 16');
  icon.setAttribute('class', `task-icon ${status}`);
  icon.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('d', paths[status]);
  icon.append(path);
  return icon;
}
