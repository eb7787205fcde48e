const paths = {
  crosshair: 'M7.5 1h1v5.2h-1zM7.5 9.8h1V15h-1zM1 7.5h5.2v1H1zM9.8 7.5H15v1H9.8z',
  pan: 'M8 1 5.8 3.2h1.7V7.5H3.2V5.8L1 8l2.2 2.2V8.5h4.3v4.3H5.8L8 15l2.2-2.2H8.5V8.5h4.3v1.7L15 8l-2.2-2.2v1.7H8.5V3.2h1.7z',
  window: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.2v10.6a5.3 5.3 0 0 1 0-10.6z',
  enlarge: 'M2 2h5v1.2H4L6.8 6l-.8.8L3.2 4v3H2zm12 12H9v-1.2h3L9.2 10l.8-.8 2.8 2.8V9H14z',
  reset: 'M8 2.5A5.5 5.5 0 0 0 3.3 5.2L2 3.9V8h4.1L4.2 6.1A4.3 4.3 0 1 1 3.9 9.4l-1.1.5A5.5 5.5 0 1 0 8 2.5z',
  camera: 'M5.6 3 4.7 4.3H2v8.7h12V4.3h-2.7L10.4 3zm.6 1.2h3.6l.9 1.3h2.1v6.3H3.2V5.5h2.1zM8 6.2a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zm0 1.1a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8z',
  copy: 'M4 4V2h9v9h-2v3H2V4zm1.2 0H11v5.8h.8V3.2H5.2zM3.2 5.2v7.6h6.6V5.2z',
  link: 'M6.7 9.9 5.3 11.3a1.9 1.9 0 0 1-2.6-2.6l2.2-2.2a1.9 1.9 0 0 1 2.6 0l.8-.8a3 3 0 0 0-4.2 0L1.9 7.9a3 3 0 0 0 4.2 4.2l1.4-1.4zm2.6-3.8 1.4-1.4a1.9 1.9 0 0 1 2.6 2.6l-2.2 2.2a1.9 1.9 0 0 1-2.6 0l-.8.8a3 3 0 0 0 4.2 0l2.2-2.2a3 3 0 0 0-4.2-4.2L8.5 5.3z',
  panel: 'M2 3h12v10H2zm1.2 1.2v7.6h5.6V4.2zm6.8 0v7.6h2.8V4.2z',
  help: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.2a5.3 5.3 0 1 1 0 10.6A5.3 5.3 0 0 1 8 2.7zm-.1 1.6c-1.4 0-2.3.8-2.4 2.1h1.3c.1-.6.5-1 1.1-1 .6 0 1 .4 1 .9 0 .4-.2.7-.8 1.1-.7.5-.9 1-.9 1.8h1.2c0-.4.2-.7.8-1.1.7-.5 1.1-1.1 1.1-1.9 0-1.2-1-1.9-2.4-1.9zm-.7 6v1.3h1.3v-1.3z',
  close: 'm8 7.2 3.6-3.6.8.8L8.8 8l3.6 3.6-.8.8L8 8.8l-3.6 3.6-.8-.8L7.2 8 3.6 4.4l.8-.8z',
} as const;

export type IconName = keyof typeof paths;

const svg = 'http://www.w3.org/2000/svg';

/** An icon of 16 by 16 pixels, in the colour of the text. Says nothing to screen readers. */
export function icon(name: IconName): SVGElement {
  const element = document.createElementNS(svg, 'svg');
  element.setAttribute('viewBox', '0 0 16 16');
  element.setAttribute('width', '16');
  element.setAttribute('height', '16');
  element.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('d', paths[name]);
  element.append(path);
  return element;
}
