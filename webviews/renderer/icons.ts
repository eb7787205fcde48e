import type { Standing } from './runText.ts';

/** Paths of 16 by 16 icons, drawn in the colour of the text. */
const paths: { readonly [standing in Exclude<Standing, 'running'>]: string } = {
  succeeded: 'M6.3 11.6 2.9 8.2l-.8.8 4.2 4.2 8-8-.8-.8z',
  failed: 'M8 7.2 4.4 3.6l-.8.8L7.2 8l-3.6 3.6.8.8L8 8.8l3.6 3.6.8-.8L8.8 8l3.6-3.6-.8-.8z',
  cancelled: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.2c1.2 0 2.4.4 3.3 1.1L3.8 11.3A5.3 5.3 0 0 1 8 2.7zm0 10.6c-1.2 0-2.4-.4-3.3-1.1l7.5-7.5A5.3 5.3 0 0 1 8 13.3z',
  interrupted: 'M7.4 1.5h1.2v9H7.4zM8 12a1.1 1.1 0 1 0 0 2.2A1.1 1.1 0 0 0 8 12z',
  paused: 'M4.5 2.5h2v11h-2zm5 0h2v11h-2z',
  away: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.2a5.3 5.3 0 1 1 0 10.6A5.3 5.3 0 0 1 8 2.7zM7.4 4.5v4l2.9 1.9.6-1-2.3-1.5V4.5z',
};

const svg = 'http://www.w3.org/2000/svg';

/** The icon of a state; of a run that goes on a ring that turns. */
export function stateIcon(standing: Standing): Element {
  if (standing === 'running') {
    const ring = document.createElement('span');
    ring.className = 'ring';
    return ring;
  }
  const icon = document.createElementNS(svg, 'svg');
  icon.setAttribute('viewBox', '0 0 16 16');
  icon.setAttribute('width', '16');
  icon.setAttribute('height', '16');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('d', paths[standing]);
  icon.append(path);
  return icon;
}
