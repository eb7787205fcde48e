import { connectHost } from '../kit/host.ts';
import { useStyles } from '../kit/dom.ts';
import { makeSortable } from '../kit/sortTable.ts';
import type { FromReportPage } from './messages.ts';
import css from './report.css';

// The report's own scripts are not run. What they do, and what its links mean in the editor, is done here.
useStyles(css);
const host = connectHost<never, FromReportPage>(() => undefined, () => undefined);
for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) makeSortable(table);

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  const href = link?.getAttribute('href');
  // Links within the page are followed by the editor itself.
  if (href === undefined || href === null || href.startsWith('#')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  host.post({ type: 'open', href });
}, true);
