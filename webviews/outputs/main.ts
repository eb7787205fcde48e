import blocksCss from '../kit/blocks.css';
import { Asker } from '../kit/asker.ts';
import { make, useStyles } from '../kit/dom.ts';
import { connectHost, pageElement } from '../kit/host.ts';
import listCss from '../kit/virtualList.css';
import { readToOutputsPage } from './messages.ts';
import type { FromOutputsPage, OutputsQuestions, ToOutputsPage } from './messages.ts';
import css from './outputs.css';
import { OutputsPage } from './page.ts';
import { readOutputsState } from './viewState.ts';
import type { OutputsState } from './viewState.ts';

useStyles(blocksCss);
useStyles(listCss);
useStyles(css);
const place = pageElement();
const host = connectHost<ToOutputsPage, FromOutputsPage>(readToOutputsPage, hear);
const asker = new Asker<OutputsQuestions>((message) => { host.post(message); });
let page: OutputsPage | undefined;

place.replaceChildren(make('p', { class: 'dim', role: 'status' }, 'Looking at the outputs…'));

function hear(message: ToOutputsPage): void {
  switch (message.type) {
    case 'show': {
      if (page !== undefined) {
        page.setGoing(message.going);
        break;
      }
      const kept = readOutputsState(message.kept) ?? readOutputsState(host.kept());
      const isSame = kept !== undefined && kept.source.folder.uri === message.source.folder.uri;
      const state: OutputsState = isSame ? { ...kept, source: message.source } : { source: message.source, tab: 'figures', scope: '', choices: {} };
      host.keep(state);
      page = new OutputsPage({ state, asker, post: (said) => { host.post(said); }, keep });
      page.setGoing(message.going);
      place.replaceChildren(page.element);
      break;
    }
    case 'changed':
      page?.refresh(message.going);
      break;
    case 'other':
      page?.compareWith(message.source);
      break;
    default:
      asker.take(message);
  }
}

function keep(state: OutputsState): void {
  host.keep(state);
  host.post({ type: 'keep', state });
}
