import type { Result } from '../../runner/protocol/results.ts';
import { renderResult } from '../kit/blocks.ts';
import blocksCss from '../kit/blocks.css';
import { make, makeButton, useStyles } from '../kit/dom.ts';
import { setOffers } from '../kit/offers.ts';
import slicesCss from '../kit/slices/slices.css';
import { connectHost, pageElement } from '../kit/host.ts';
import { readToResultPage } from './messages.ts';
import type { FromResultPage, ResultPageState, ToResultPage } from './messages.ts';
import css from './result.css';

/** Characters of a result that are kept with the window: larger ones are asked for again. */
const keptSize = 2_000_000;

useStyles(blocksCss);
useStyles(slicesCss);
useStyles(css);
const page = pageElement();
const status = make('div', { class: 'status', role: 'status' });
document.body.append(status);

const host = connectHost<ToResultPage, FromResultPage>(readToResultPage, (message) => {
  switch (message.type) {
    case 'show':
      setOffers(message.offers);
      show(message.result);
      break;
    case 'busy':
      page.setAttribute('aria-busy', String(message.busy));
      status.textContent = message.busy ? 'Running the command again.' : '';
      break;
  }
});

function show(result: Result): void {
  const header = make('header', { class: 'spimquant-result' }, make('code', {}, result.command), make('div', { class: 'actions' },
    makeButton('Run Again', () => { host.post({ type: 'run', text: result.command }); }, { class: 'action' }),
    makeButton('Insert as Cell', () => { host.post({ type: 'insert', text: result.command }); }, { class: 'action' })));
  page.replaceChildren(...(result.command === '' ? [] : [header]), renderResult(result, {
    openLink: (uri, title) => { host.post({ type: 'open', uri, title }); },
    useCommand: (text) => { host.post({ type: 'run', text }); },
    insertCommand: (text) => { host.post({ type: 'insert', text }); },
    copyText: (text) => { host.post({ type: 'copy', text }); },
    openView: (view) => { host.post({ type: 'view', view }); },
  }));
  page.setAttribute('aria-busy', 'false');
  status.textContent = '';
  const state: ResultPageState = { command: result.command, result };
  host.keep(JSON.stringify(state).length <= keptSize ? state : { command: result.command });
}
