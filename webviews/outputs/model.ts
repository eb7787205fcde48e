import { reportError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { GroupColumn, OutputEntry, OutputsListing } from '../../runner/protocol/outputs.ts';
import type { Asker } from '../kit/asker.ts';
import type { FileRef, OutputsQuestions, OutputsSource } from './messages.ts';

export type OutputsAsker = Asker<OutputsQuestions>;

/** Participants looked into by one request, and requests at once. */
const participantsAtOnce = 16;
const requestsAtOnce = 2;

/** How far a look at a folder of results is. */
export type Standing =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: ErrorReport }
  /** `known` of all participants were looked into. */
  | { readonly kind: 'there'; readonly known: number; readonly trouble?: ErrorReport };

/** What a folder of results holds, as far as it was looked at: groups and templates first, then participant by participant. */
export class OutputsModel {
  readonly source: OutputsSource;
  readonly asker: OutputsAsker;
  readonly #onChange: () => void;
  #listing: OutputsListing | undefined;
  #files: readonly OutputEntry[] = [];
  #known = new Set<string>();
  #standing: Standing = { kind: 'loading' };
  #wished = '';
  #loading: AbortController | undefined;

  constructor(source: OutputsSource, asker: OutputsAsker, onChange: () => void) {
    this.source = source;
    this.asker = asker;
    this.#onChange = onChange;
  }

  get standing(): Standing {
    return this.#standing;
  }

  get listing(): OutputsListing | undefined {
    return this.#listing;
  }

  get participants(): readonly string[] {
    return this.#listing?.participants ?? [];
  }

  get groupColumns(): readonly GroupColumn[] {
    return this.#listing?.groupColumns ?? [];
  }

  /** All files that are known, in the order in which they are shown. */
  get files(): readonly OutputEntry[] {
    return this.#files;
  }

  fileRef(entry: Pick<OutputEntry, 'path'>): FileRef {
    const { uri } = this.#listing ?? this.source.folder;
    return { uri: joinAddress(uri, entry.path), storage: this.source.folder.storage };
  }

  /** Looks into this participant (a label) before the others. */
  wish(label: string): void {
    this.#wished = label;
  }

  /** Looks again. What is known stays until something else is. */
  async load(): Promise<void> {
    this.#loading?.abort();
    const abort = new AbortController();
    this.#loading = abort;
    const { signal } = abort;
    if (this.#listing === undefined) this.#standing = { kind: 'loading' };
    try {
      const { folder, dataset } = this.source;
      const listing = await this.asker.ask('outputs.list', { folder, ...(dataset === undefined ? {} : { dataset }) }, signal);
      const there = new Set(listing.participants.map((label) => `sub-${label}`));
      // Participants that were seen before are shown until they have been looked into again.
      const before = this.#files.filter(({ scope, scopeKind }) => scopeKind === 'participant' && there.has(scope.split('/')[0]));
      this.#listing = listing;
      this.#known = new Set();
      this.#set([...listing.files, ...before]);
      await this.#loadParticipants(listing.participants, signal);
    } catch (error) {
      const report = reportError(error);
      if (signal.aborted) return;
      this.#standing = this.#listing === undefined ? { kind: 'failed', error: report } : { kind: 'there', known: this.#known.size, trouble: report };
      this.#onChange();
    }
  }

  async #loadParticipants(labels: readonly string[], signal: AbortSignal): Promise<void> {
    const waiting = new Set(labels);
    const lane = async (): Promise<void> => {
      while (waiting.size > 0) {
        const chosen = [...(waiting.has(this.#wished) ? [this.#wished] : []), ...waiting].filter((label, at, all) => all.indexOf(label) === at).slice(0, participantsAtOnce);
        for (const label of chosen) waiting.delete(label);
        const { files } = await this.asker.ask('outputs.participants', { folder: this.source.folder, labels: chosen }, signal);
        const renewed = new Set(chosen.map((label) => `sub-${label}`));
        for (const label of chosen) this.#known.add(label);
        this.#set([...this.#files.filter(({ scope, scopeKind }) => scopeKind !== 'participant' || !renewed.has(scope.split('/')[0])), ...files]);
      }
    };
    await Promise.all(Array.from({ length: requestsAtOnce }, lane));
  }

  #set(files: readonly OutputEntry[]): void {
    this.#files = inOrder(files);
    this.#standing = { kind: 'there', known: this.#known.size };
    this.#onChange();
  }

  dispose(): void {
    this.#loading?.abort();
  }
}

/** The runner answers files of one request in order; scopes of several requests are put in order here. Kinds of scopes: groups, participants, templates, others. */
export function inOrder(files: readonly OutputEntry[]): readonly OutputEntry[] {
  const rank = { group: 0, participant: 1, template: 2, folder: 3 } as const;
  const scopes = Map.groupBy(files, ({ scopeKind, scope }) => `${rank[scopeKind]}${scope}/`);
  return [...scopes].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, own]) => own);
}

/** The address of something below a folder. */
export function joinAddress(folder: string, path: string): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(folder)) return `${folder.replace(/\/+$/, '')}/${path}`;
  const separator = folder.includes('\\') && !folder.startsWith('/') ? '\\' : '/';
  return `${folder.replace(/[\\/]+$/, '')}${separator}${path.replaceAll('/', separator)}`;
}

/** A participant's label, with its session, sample and acquisition where it has several. */
export function whoOf({ entities, scope }: OutputEntry): string {
  const parts = ['sub', 'ses', 'sample', 'acq'].flatMap((key) => (entities[key] === undefined ? [] : [`${key}-${entities[key]}`]));
  return parts.length === 0 ? scope.replaceAll('/', ' ') : parts.join(' ');
}

/** Names that are as short as they can be while they tell all apart: without the sample and acquisition that all share. */
export function shortNames(names: readonly string[]): readonly string[] {
  const words = names.map((name) => name.split(' '));
  const shared = (word: string): boolean => words.every((each) => each.includes(word));
  const short = words.map((each) => each.filter((word) => word.startsWith('sub-') || !shared(word)).join(' '));
  return short.map((name, at) => (name === '' ? names[at] : name));
}

/** Whether an entry is of what was chosen: a scope with all below it, all participants (`kind:participant`), or everything (`''`). */
export function isWithin(entry: OutputEntry, scope: string): boolean {
  if (scope === '') return true;
  if (scope.startsWith('kind:')) return entry.scopeKind === scope.slice('kind:'.length);
  return entry.scope === scope || entry.scope.startsWith(`${scope}/`);
}

/** How a scope is called: `Group 1`, `sub-01`, `Template phantom`. */
export function scopeTitle(scope: string): string {
  if (scope === '') return 'Output folder';
  if (scope.startsWith('group/')) return `Group ${scope.slice('group/'.length)}`;
  if (scope.startsWith('tpl-')) return `Template ${scope.slice('tpl-'.length)}`;
  return scope.replaceAll('/', ' ');
}
