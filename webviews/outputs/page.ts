import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { OutputEntry } from '../../runner/protocol/outputs.ts';
import { make, makeButton } from '../kit/dom.ts';
import { CompareView } from './compareView.ts';
import { FigureLoader } from './figures.ts';
import { FilesView } from './filesView.ts';
import { GalleryView } from './galleryView.ts';
import { Lightbox } from './lightbox.ts';
import { MapsView } from './mapsView.ts';
import type { FileAction, FromOutputsPage, OutputsSource } from './messages.ts';
import { isWithin, joinAddress, OutputsModel } from './model.ts';
import type { OutputsAsker } from './model.ts';
import type { PartContext } from './part.ts';
import { RegionsView } from './regionsView.ts';
import { ScopeList } from './scopeList.ts';
import { TablesView } from './tablesView.ts';
import { outputsTabs } from './viewState.ts';
import type { Choices, OutputsState, OutputsTab } from './viewState.ts';

const tabTitles: { readonly [T in OutputsTab]: string } = { figures: 'Figures', tables: 'Tables', regions: 'Regions', maps: 'Maps', compare: 'Compare', files: 'Files' };

/** What happened, in a few words. */
const errorTitles: Readonly<Partial<Record<ErrorReport['code'], string>>> = {
  'not-found': 'There is no such folder', 'access-denied': 'Access to the outputs is denied', 'auth-expired': 'The sign-in has expired', 'auth-missing': 'Nobody is signed in', 'network': 'The storage cannot be reached',
};

export interface OutputsPageOptions {
  readonly state: OutputsState;
  readonly asker: OutputsAsker;
  readonly post: (message: FromOutputsPage) => void;
  readonly keep: (state: OutputsState) => void;
}

/** The outputs of one folder, and where it is compared those of another. */
export class OutputsPage {
  readonly element = make('div', { class: 'outputs' });
  readonly #options: OutputsPageOptions;
  readonly #model: OutputsModel;
  readonly #loader = new FigureLoader();
  readonly #lightbox: Lightbox;
  readonly #scopes: ScopeList;
  readonly #title = make('h1', {});
  readonly #about = make('p', { class: 'dim about' });
  readonly #trouble = make('div', { class: 'trouble', role: 'alert', hidden: true });
  readonly #report: HTMLButtonElement;
  readonly #run: HTMLButtonElement;
  readonly #tabs: readonly HTMLButtonElement[];
  readonly #views: { readonly figures: GalleryView; readonly tables: TablesView; readonly regions: RegionsView; readonly maps: MapsView; readonly compare: CompareView; readonly files: FilesView };
  readonly #main = make('div', { class: 'outputs-main' });
  readonly #message = make('div', { class: 'message' });
  #other: OutputsModel | undefined;
  #state: OutputsState;
  #going = false;
  #drawing = false;

  constructor(options: OutputsPageOptions) {
    this.#options = options;
    this.#state = options.state;
    const { asker, post, state } = options;
    this.#model = new OutputsModel(state.source, asker, () => { this.#draw(); });
    const context: PartContext = {
      post, act: (action, model, entry) => { this.#act(action, model, entry); },
      choices: (part) => this.#state.choices[part] ?? {},
      choose: (part, choices) => { this.#choose(part, choices); },
      showFigure: (model, entries, at) => { this.#lightbox.show(model, entries, at); },
    };
    this.#lightbox = new Lightbox({ loader: this.#loader, act: context.act });
    this.#scopes = new ScopeList((scope) => {
      if (scope.startsWith('sub-')) this.#model.wish(scope.split('/')[0].slice('sub-'.length));
      this.#set({ scope });
    });
    this.#views = {
      figures: new GalleryView(context, this.#loader),
      tables: new TablesView(context, {
        onQuery: (path, query) => { this.#keep({ table: { path, query } }); },
        copy: (text) => { post({ type: 'copy', text }); },
        exportRows: (to, table) => { post({ type: 'exportRows', to, table }); },
      }, (path) => { this.#set({ table: { path, query: { search: '', filters: [], sort: [] } } }); }),
      regions: new RegionsView(context), maps: new MapsView(context), compare: new CompareView(context, this.#loader), files: new FilesView(context),
    };
    this.#report = makeButton('Open Report', () => { const entry = this.#reportEntry(); if (entry !== undefined) this.#act('open', this.#model, entry); }, { class: 'action' });
    this.#run = makeButton('Open Run', () => { post({ type: 'page', action: 'openRun' }); }, { class: 'action' });
    this.#tabs = outputsTabs.map((tab) => makeButton(tabTitles[tab], () => { this.#set({ tab }); }, { role: 'tab', id: `tab-${tab}`, 'aria-controls': `panel-${tab}` }));
    this.#build();
    this.#restoreOther(state.other);
    void this.#model.load();
    this.#draw();
  }

  #build(): void {
    const tablist = make('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Kinds of outputs' }, ...this.#tabs);
    tablist.addEventListener('keydown', ({ key }) => {
      const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
      if (step === 0) return;
      const next = (outputsTabs.indexOf(this.#state.tab) + step + outputsTabs.length) % outputsTabs.length;
      this.#set({ tab: outputsTabs[next] });
      this.#tabs[next].focus();
    });
    for (const tab of outputsTabs) {
      const { element } = this.#views[tab];
      element.id = `panel-${tab}`;
      element.setAttribute('role', 'tabpanel');
      element.setAttribute('aria-labelledby', `tab-${tab}`);
    }
    const refresh = makeButton('Refresh', () => { this.refresh(this.#going); }, { class: 'action' });
    const reveal = makeButton('Reveal', () => { this.#reveal(); }, { class: 'action', title: 'Show the folder in the Explorer' });
    this.#main.append(this.#scopes.element, make('div', { class: 'outputs-parts' }, tablist, ...outputsTabs.map((tab) => this.#views[tab].element)));
    this.element.append(
      make('header', { class: 'outputs-header' }, make('div', { class: 'first' }, this.#title, make('div', { class: 'buttons' }, this.#report, this.#run, reveal, refresh)), this.#about),
      this.#trouble, this.#message, this.#main, this.#lightbox.element);
  }

  /** Looks at the folders again. `going`: the run still makes something. */
  refresh(going: boolean): void {
    this.#going = going;
    void this.#model.load();
    void this.#other?.load();
    this.#draw();
  }

  setGoing(going: boolean): void {
    this.#going = going;
    this.#draw();
  }

  /** Compares with another folder. */
  compareWith(other: OutputsSource): void {
    // The sides are chosen anew: a participant of each folder.
    const choices = Object.fromEntries(Object.entries(this.#state.choices.compare ?? {}).filter(([name]) => name !== 'left' && name !== 'right'));
    this.#keep({ other, tab: 'compare', choices: { ...this.#state.choices, compare: choices } });
    this.#restoreOther(other);
    this.#draw();
  }

  #restoreOther(other: OutputsSource | undefined): void {
    this.#other?.dispose();
    this.#other = undefined;
    if (other === undefined) return;
    this.#other = new OutputsModel(other, this.#options.asker, () => { this.#draw(); });
    void this.#other.load();
  }

  #choose(part: OutputsTab, choices: Choices): void {
    this.#set({ choices: { ...this.#state.choices, [part]: { ...this.#state.choices[part], ...choices } } });
  }

  #set(change: Partial<OutputsState>): void {
    this.#keep(change);
    this.#draw();
  }

  #keep(change: Partial<OutputsState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.keep(this.#state);
  }

  #act(action: FileAction, model: OutputsModel, entry: Pick<OutputEntry, 'path'>): void {
    this.#options.post({ type: 'file', action, file: model.fileRef(entry) });
  }

  #reveal(): void {
    const { uri } = this.#model.listing ?? this.#model.source.folder;
    const { scope } = this.#state;
    this.#options.post({ type: 'file', action: 'reveal', file: { uri: scope === '' || scope.startsWith('kind:') ? uri : joinAddress(uri, scope), storage: this.#model.source.folder.storage } });
  }

  /** The report of what is chosen, where there is one. */
  #reportEntry(): OutputEntry | undefined {
    const { scope } = this.#state;
    const reports = this.#model.files.filter((entry) => entry.kind === 'report' && entry.suffix === 'report' && isWithin(entry, scope));
    return scope === '' ? reports.find(({ scopeKind }) => scopeKind === 'group') ?? reports[0] : reports[0];
  }

  /** Shows what is known, once for all changes of a frame. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const { standing, listing, source } = this.#model;
    this.#title.textContent = source.title;
    document.title = source.title;
    const total = this.#model.participants.length;
    const isLooking = standing.kind === 'there' && standing.known < total && standing.trouble === undefined;
    this.#about.textContent = [
      listing?.uri ?? source.folder.uri, ...(listing?.generatedBy === undefined ? [] : [listing.generatedBy]),
      ...(isLooking ? [`looking through participants: ${standing.known} of ${total}`] : []),
      ...(this.#going ? ['the run goes on: what it makes appears here'] : []),
    ].join(' · ');
    this.element.setAttribute('aria-busy', String(standing.kind === 'loading' || isLooking));
    this.#report.hidden = this.#reportEntry() === undefined;
    this.#run.hidden = source.run === undefined;
    this.#showTrouble(standing.kind === 'there' ? standing.trouble : undefined);
    const isEmpty = standing.kind === 'there' && this.#model.files.length === 0 && total === 0;
    this.#main.hidden = standing.kind !== 'there' || isEmpty;
    this.#message.hidden = !this.#main.hidden;
    if (standing.kind === 'loading') this.#message.replaceChildren(make('div', { class: 'ring', 'aria-hidden': 'true' }), make('p', { role: 'status' }, 'Looking at the outputs…'));
    else if (standing.kind === 'failed') this.#message.replaceChildren(...this.#failure(standing.error));
    else if (isEmpty) this.#message.replaceChildren(...this.#emptiness());
    if (this.#main.hidden) return;
    const { tab, scope, table } = this.#state;
    this.#scopes.update(this.#model, scope);
    outputsTabs.forEach((each, at) => {
      this.#tabs[at].setAttribute('aria-selected', String(each === tab));
      this.#tabs[at].tabIndex = each === tab ? 0 : -1;
      this.#views[each].element.hidden = each !== tab;
    });
    switch (tab) {
      case 'tables': this.#views.tables.update(this.#model, scope, table); break;
      case 'compare': this.#views.compare.update(this.#model, this.#other); break;
      default: this.#views[tab].update(this.#model, scope);
    }
  }

  #showTrouble(error: ErrorReport | undefined): void {
    this.#trouble.hidden = error === undefined;
    if (error !== undefined) this.#trouble.replaceChildren(make('p', {}, `Not all could be looked at: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`), this.#mends(error));
  }

  #failure(error: ErrorReport): readonly HTMLElement[] {
    const { code, message, hint, where } = error;
    return [make('h2', { role: 'alert' }, errorTitles[code] ?? 'The outputs cannot be shown'), make('p', {}, message), ...(hint === undefined ? [] : [make('p', {}, hint)]),
      ...(where === undefined || message.includes(where) ? [] : [make('code', {}, where)]), this.#mends(error)];
  }

  #mends({ code, where }: ErrorReport): HTMLElement {
    const { post } = this.#options;
    const isSignIn = code === 'auth-expired' || code === 'auth-missing' || code === 'access-denied';
    return make('div', { class: 'buttons' },
      ...(isSignIn ? [makeButton('Sign In Again', () => { post({ type: 'signIn', uri: where ?? this.#model.source.folder.uri }); }, { class: 'action' })] : []),
      makeButton('Try Again', () => { this.refresh(this.#going); }, { class: 'action' }),
      makeButton('Show Log', () => { post({ type: 'page', action: 'showLog' }); }, { class: 'action' }));
  }

  #emptiness(): readonly HTMLElement[] {
    const { post } = this.#options;
    if (this.#going) return [make('h2', {}, 'No outputs yet'), make('p', { role: 'status' }, 'The run has only begun. What it makes appears here by itself.'), make('div', { class: 'buttons' }, makeButton('Open Run', () => { post({ type: 'page', action: 'openRun' }); }, { class: 'action' }))];
    return [make('h2', {}, 'No outputs yet'), make('p', {}, 'There is nothing in this folder. A run of participants fills it: figures and tables of every participant, then, by a run of groups, their comparison.'),
      make('div', { class: 'buttons' }, makeButton('Run Participants…', () => { post({ type: 'page', action: 'startRun' }); }, { class: 'action' }), makeButton('Try Again', () => { this.refresh(false); }, { class: 'action' }))];
  }
}
