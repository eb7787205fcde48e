import type { Block, Figure, Result, TableBlock } from '../protocol/results.ts';
import { chartFigure } from './chartSvg.ts';
import { escapeHtml } from './escape.ts';
import { cellText } from './resultText.ts';

/**
 * A result as HTML that stands on its own, for places that know nothing of SPIMquant (GitHub, Jupyter): no scripts, no
 * styles, no colours, so that it follows any theme; pictures inside.
 */
export function resultHtml(result: Result): string {
  return `<div><h4>${escapeHtml(result.title)}</h4>${result.blocks.map(blockHtml).join('')}</div>`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'facts': return `${heading(block.title)}<table><tbody>${block.facts.map(({ label, value }) => `<tr><th align="left">${escapeHtml(label)}</th><td align="left">${escapeHtml(value)}</td></tr>`).join('')}</tbody></table>`;
    case 'table': return tableHtml(block);
    case 'chart': return figureHtml(chartFigure(block));
    case 'slices': return `${heading(block.title)}${block.pictures.map(figureHtml).join('')}`;
    case 'figures': return block.figures.map(figureHtml).join('');
    case 'notice': return `<p>${{ info: '', warn: '<strong>Warning:</strong> ', error: '<strong>Error:</strong> ' }[block.level]}${escapeHtml(block.text)}</p>`;
    case 'text': return `<pre>${escapeHtml(block.text)}</pre>`;
    case 'links': return `${heading(block.title)}<ul>${block.links.map(({ title, uri }) => `<li>${linkHtml(title, uri)}</li>`).join('')}</ul>`;
    case 'commands': return `${heading(block.title)}<ul>${block.commands.map(({ title, text }) => `<li>${escapeHtml(title)}: <code>${escapeHtml(text)}</code></li>`).join('')}</ul>`;
  }
}

function heading(title: string | undefined): string {
  return title === undefined ? '' : `<p><strong>${escapeHtml(title)}</strong></p>`;
}

/** Only addresses of the web are links: a path of another machine leads nowhere, and other schemes may do harm. */
export function linkHtml(title: string, uri: string): string {
  if (/^https?:\/\//i.test(uri)) return `<a href="${escapeHtml(uri)}" rel="noopener noreferrer">${escapeHtml(title)}</a>`;
  return title === uri ? `<code>${escapeHtml(uri)}</code>` : `${escapeHtml(title)}: <code>${escapeHtml(uri)}</code>`;
}

function tableHtml({ title, columns, rows: all, total = all.length, first = all.length }: TableBlock): string {
  const rows = all.slice(0, first);
  const align = columns.map(({ numeric }) => (numeric === true ? 'right' : 'left'));
  const head = columns.map(({ label, unit }, i) => `<th align="${align[i]}">${escapeHtml(unit === undefined ? label : `${label} (${unit})`)}</th>`).join('');
  const body = rows.map((row) => `<tr>${columns.map((_, i) => `<td align="${align[i]}">${escapeHtml(cellText(row.at(i) ?? null))}</td>`).join('')}</tr>`).join('');
  const rest = total > rows.length ? `<p>${rows.length} of ${total} rows</p>` : '';
  return `${heading(title)}<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>${rest}`;
}

function figureHtml({ title, alt, mediaType, data, width }: Figure): string {
  // Inside an img an SVG can run no script and load nothing.
  const source = mediaType === 'image/png' ? `data:image/png;base64,${data.replaceAll(/[^A-Za-z0-9+/=]/g, '')}` : `data:image/svg+xml;base64,${base64(data)}`;
  return `${heading(title)}<p><img src="${source}" alt="${escapeHtml(alt)}" width="${Math.round(width)}"></p>`;
}

/** Base64 of a text's UTF-8, in browsers and in Node. */
function base64(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
