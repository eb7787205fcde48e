import { createHash } from 'node:crypto';
import { formatNumber } from './scale.ts';
import { escapeHtml } from '../wording/escape.ts';

/** A page that stands on its own: styles, pictures and the one small script are inside. */
export interface HtmlPage {
  readonly title: string;
  /** Below the title. */
  readonly subtitle?: string;
  readonly sections: readonly HtmlSection[];
  /** Small print at the end, markup. */
  readonly footer?: string;
}

/** A part of a page with a heading; `id` is the target of links. */
export interface HtmlSection {
  readonly id: string;
  readonly heading: string;
  /** Markup. */
  readonly body: string;
}

const style = `
:root{color-scheme:light dark;--paper:#fff;--card:#f6f7f9;--text:#1f2430;--faint:#5c6470;--rule:#d5d9e0;--accent:#0062a3;--warn:#8a4b00;--warn-paper:#fff4e0;--good:#1b6e3c}
@media (prefers-color-scheme:dark){:root{--paper:#15181e;--card:#1e222a;--text:#e7e9ee;--faint:#a2aab6;--rule:#363c47;--accent:#79b8ff;--warn:#ffc26b;--warn-paper:#332613;--good:#7bd69a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main,header,footer{max-width:1180px;margin:0 auto;padding:0 24px}
header{padding-top:36px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:48px 0 12px;padding-top:12px;border-top:1px solid var(--rule)}
h3{font-size:1.05rem;margin:24px 0 8px}
.sub{color:var(--faint);margin:0 0 8px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0 0;padding:0}
a{color:var(--accent);overflow-wrap:anywhere}
a:focus-visible,button:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:12px;margin:16px 0;padding:0}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 16px;margin:0}
.card dt{color:var(--faint);font-size:.85rem}
.card dd{margin:2px 0 0;font-size:1.45rem;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.card dd.note{font-size:.85rem;font-weight:400;color:var(--faint)}
.notice{background:var(--warn-paper);border-left:4px solid var(--warn);border-radius:4px;padding:10px 16px;margin:14px 0}
.notice ul{margin:4px 0;padding-left:20px}
figure{margin:18px 0;background:#fff;border:1px solid var(--rule);border-radius:10px;padding:10px;break-inside:avoid}
figure img,figure svg{display:block;max-width:100%;height:auto;margin:0 auto}
figcaption{color:#454c58;font-size:.88rem;padding:8px 6px 2px}
figcaption a{color:#0062a3}
.scroll{overflow:auto;max-height:36rem;margin:12px 0}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--faint);padding:4px 0 8px}
th,td{padding:5px 12px 5px 8px;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
thead th{vertical-align:bottom;background:var(--card);position:sticky;top:0}
td.n,th.n{text-align:right}
td.n{white-space:nowrap}
td:first-child{min-width:12em}
th button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit}
th button::after{content:" ↕";color:var(--faint)}
th[aria-sort=ascending] button::after{content:" ↑"}
th[aria-sort=descending] button::after{content:" ↓"}
tbody tr:hover{background:var(--card)}
.key{font-weight:600;color:var(--good)}
code{font:.88em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
td code{white-space:nowrap}
details{margin:10px 0}
summary{cursor:pointer}
footer{color:var(--faint);font-size:.85rem;padding-top:24px;padding-bottom:40px}
@media print{:root{--paper:#fff;--card:#fff;--text:#000;--faint:#444;--rule:#bbb;--accent:#000}nav,th button::after{display:none}main,header,footer{max-width:none;padding:0}h2{break-after:avoid}thead th{position:static}.scroll{max-height:none;overflow:visible}body{font-size:11pt}}
`;

// Sorts a table by the column of the button that was pressed; empty cells stay at the end.
const script = `
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'descending' || (!head.hasAttribute('aria-sort') && !head.classList.contains('n'));
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'ascending' : 'descending');
      const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === '' || y === '') return (x === '') - (y === '');
        const order = head.classList.contains('n') ? Number(x) - Number(y) : x.localeCompare(y);
        return down ? order : -order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}
`;

function hash(content: string): string {
  return `'sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}'`;
}

/** The page as one HTML file. Nothing is loaded from elsewhere: its content security policy forbids it. */
export function htmlPage(page: HtmlPage): string {
  const policy = `default-src 'none'; img-src data:; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`;
  const links = page.sections.map(({ id, heading }) => `<li><a href="#${escapeHtml(id)}">${escapeHtml(heading)}</a></li>`).join('');
  const sections = page.sections
    .map(({ id, heading, body }) => `<section aria-labelledby="${escapeHtml(id)}">\n<h2 id="${escapeHtml(id)}">${escapeHtml(heading)}</h2>\n${body}\n</section>`)
    .join('\n');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(page.title)}</h1>
${page.subtitle === undefined ? '' : `<p class="sub">${escapeHtml(page.subtitle)}</p>\n`}${page.sections.length > 1 ? `<nav aria-label="Sections"><ul>${links}</ul></nav>\n` : ''}</header>
<main>
${sections}
</main>
<footer>${page.footer ?? ''}</footer>
<script>${script}</script>
</body>
</html>
`;
}

/** Headline figures, as cards. */
export function htmlCards(cards: readonly { readonly label: string; readonly value: string; readonly note?: string }[]): string {
  const items = cards.map(({ label, value, note }) =>
    `<div class="card"><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>${note === undefined ? '' : `<dd class="note">${escapeHtml(note)}</dd>`}</div>`);
  return `<dl class="cards">${items.join('')}</dl>`;
}

/** A picture with its caption. `alt` says what it shows to those who do not see it. */
export function htmlFigure(dataUri: string, alt: string, caption: string, link?: string): string {
  const more = link === undefined ? '' : ` <a href="${escapeHtml(link)}">Open the file</a>`;
  return `<figure><img src="${escapeHtml(dataUri)}" alt="${escapeHtml(alt)}"><figcaption>${escapeHtml(caption)}${more}</figcaption></figure>`;
}

/** Points to notice; nothing when there are none. */
export function htmlNotices(notices: readonly string[]): string {
  return notices.length === 0 ? '' : `<div class="notice" role="note"><ul>${notices.map((notice) => `<li>${escapeHtml(notice)}</li>`).join('')}</ul></div>`;
}

/** A column of a table: numbers stand at the right and sort by value. */
export interface HtmlColumn {
  readonly label: string;
  readonly numeric?: boolean;
  /** Significant digits. Default 4. */
  readonly digits?: number;
}

/** A cell: text, a number (NaN is shown as a dash), words of a command that are kept whole, or a link. */
export type HtmlCell = string | number | { readonly code: readonly string[] } | { readonly link: string; readonly text: string };

/** A table that can be sorted by its headings when scripts may run. */
export function htmlTable(caption: string, columns: readonly HtmlColumn[], rows: readonly (readonly HtmlCell[])[], sortable = true): string {
  const head = columns.map((column) => `<th scope="col"${column.numeric === true ? ' class="n"' : ''}>${escapeHtml(column.label)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell, i) => cellOf(cell, columns[i])).join('')}</tr>`).join('\n');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table${sortable ? ' class="sortable"' : ''}><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function cellOf(cell: HtmlCell, column: HtmlColumn | undefined): string {
  if (typeof cell === 'number') {
    const key = Number.isNaN(cell) ? '' : String(cell);
    return `<td class="n" data-v="${key}">${escapeHtml(formatNumber(cell, column?.digits ?? 4))}</td>`;
  }
  if (typeof cell === 'string') return `<td${column?.numeric === true ? ' class="n"' : ''}>${escapeHtml(cell)}</td>`;
  if ('code' in cell) return `<td>${cell.code.map((words) => `<code>${escapeHtml(words)}</code>`).join(' ')}</td>`;
  return `<td><a href="${escapeHtml(cell.link)}">${escapeHtml(cell.text)}</a></td>`;
}

/** A list of files, each a relative link with what it is. */
export function htmlFiles(files: readonly { readonly path: string; readonly link: string; readonly what: string }[]): string {
  return htmlTable('Files', [{ label: 'File' }, { label: 'What it is' }], files.map(({ path, link, what }) => [{ link, text: path }, what]), false);
}

/** Relative address from one file to another, both below the same folder. Parts are percent-encoded. */
export function relativeLink(from: string, to: string): string {
  const start = from.split('/').slice(0, -1);
  const end = to.split('/');
  let shared = 0;
  while (shared < start.length && shared < end.length - 1 && start[shared] === end[shared]) shared++;
  return [...start.slice(shared).map(() => '..'), ...end.slice(shared).map(encodeURIComponent)].join('/');
}
