import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { dataItem } from '../../../runner/command/assist/complete.ts';
import type { Completion, Completions } from '../../../runner/command/assist/complete.ts';
import type { DataRequest } from '../../../runner/command/assist/values.ts';
import { reportError } from '../../../runner/protocol/errors.ts';
import type { DatasetRef, ParticipantContents } from '../../../runner/protocol/datasets.ts';
import type { Services } from '../../services.ts';

/** Longest that the list waits for the runner, in milliseconds; what comes later is there the next time. */
const patience = 2500;
/** Participants that are looked at for the values of a column. */
const looked = 8;
const most = 200;

interface Data {
  readonly items: readonly Completion[];
}

/** Fills what the command language asks for with what the runner knows. Never throws: what is not known in time is left out. */
export async function dataItems(services: Services, completions: Completions, signal: AbortSignal): Promise<Data> {
  if (completions.requests.length === 0) return { items: [] };
  const source = new DataSource(services, completions, AbortSignal.any([signal, AbortSignal.timeout(patience)]));
  const answers = await Promise.allSettled(completions.requests.map((request) => source.items(request)));
  for (const answer of answers) if (answer.status === 'rejected' && !signal.aborted) services.log.debug(`Completion: ${reportError(answer.reason).message}`);
  const items = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  return { items: items.filter((item, index) => items.findIndex((other) => other.insert === item.insert) === index) };
}

class DataSource {
  readonly #services: Services;
  readonly #completions: Completions;
  readonly #signal: AbortSignal;

  constructor(services: Services, completions: Completions, signal: AbortSignal) {
    this.#services = services;
    this.#completions = completions;
    this.#signal = signal;
  }

  async items(request: DataRequest): Promise<readonly Completion[]> {
    switch (request.kind) {
      case 'dataset': return this.#several([this.#datasets(), this.#paths(request, true)]);
      case 'output': return this.#several([Promise.resolve(this.#outputs(request)), this.#paths(request, true)]);
      case 'image': return this.#paths(request, false);
      case 'path': return this.#paths(request, request.folders === true);
      case 'participant': return this.#participants(request);
      case 'stain': return this.#stains(request);
      case 'column': return this.#columns(request);
      case 'columnValue': return this.#columnValues(request);
      case 'run': return this.#runs();
    }
  }

  async #several(lists: readonly Promise<readonly Completion[]>[]): Promise<readonly Completion[]> {
    return (await Promise.allSettled(lists)).flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
  }

  /** Those of the Datasets view. A runner is not started for them. */
  async #datasets(): Promise<readonly Completion[]> {
    if (!await this.#services.runner.attach()) return [];
    const { datasets, recent } = await this.#services.runner.request('datasets.list', {}, { signal: this.#signal });
    return [...datasets, ...recent].map((dataset, index) => this.#item(dataset.uri, 'dataset', { detail: index < datasets.length ? 'Datasets' : 'recent', sort: `0${String(index).padStart(3, '0')}` }));
  }

  /** Outputs of earlier runs, those over the same dataset first. */
  #outputs({ dataset }: DataRequest): readonly Completion[] {
    const { runs } = this.#services.runs;
    const own = dataset === undefined ? undefined : this.#absolute(dataset);
    const ordered = [...runs.filter((run) => run.bids === own || run.bids === dataset), ...runs];
    return [...new Set(ordered.map((run) => run.output))].slice(0, 20).map((output, index) => this.#item(output, 'folder', { detail: 'of an earlier run', sort: `0${String(index).padStart(3, '0')}` }));
  }

  /** Folders and files that begin as what is typed does; only when it is a path, as that may start the runner. */
  async #paths({ prefix, storage }: DataRequest, folders: boolean): Promise<readonly Completion[]> {
    if (!/[/\\]|^\.|^~/.test(prefix)) return [];
    const { items } = await this.#services.runner.request('storage.complete', { prefix, cwd: this.#services.cwd(), limit: most, storage }, { signal: this.#signal });
    const typed = prefix.slice(0, Math.max(prefix.lastIndexOf('/'), prefix.lastIndexOf('\\')) + 1);
    return items.filter((item) => item.folder || !folders || isImage(item.uri)).map(({ uri, folder }, index) => {
      const name = uri.replace(/[/\\]$/, '').replace(/^.*[/\\]/, '');
      const whole = !folder || isImage(name);
      return this.#item(`${typed}${name}${whole ? '' : '/'}`, folder ? 'folder' : 'file', { sort: `1${String(index).padStart(3, '0')}`, unfinished: !whole });
    });
  }

  async #participants(request: DataRequest): Promise<readonly Completion[]> {
    const dataset = this.#dataset(request);
    if (dataset === undefined) return [];
    const search = request.prefix.replace(/^sub-/, '');
    const { labels } = await this.#services.runner.request('datasets.participants', { dataset, offset: 0, limit: most, ...(search === '' ? {} : { search, labelsOnly: true }) }, { signal: this.#signal });
    const sub = request.prefix.startsWith('sub-') ? 'sub-' : '';
    return this.#fresh(labels.map((label) => `${sub}${label}`), request, 'participant', 'participant');
  }

  async #stains(request: DataRequest): Promise<readonly Completion[]> {
    const [first] = await this.#contents(request, 1);
    const images = first?.sessions.flatMap((session) => session.images) ?? [];
    const named = [...new Set(images.flatMap((image) => image.stains))];
    const dataset = this.#dataset(request);
    const image = images.at(0);
    if (named.length > 0 || image === undefined || dataset === undefined) return this.#fresh(named, request, 'stain', 'in this dataset');
    const { stains } = await this.#services.runner.request('datasets.image', { dataset, path: image.path }, { signal: this.#signal });
    return this.#fresh(stains, request, 'stain', 'in this dataset');
  }

  async #columns(request: DataRequest): Promise<readonly Completion[]> {
    const [first] = await this.#contents(request, 1);
    return this.#fresh((first?.columns ?? []).map((column) => column.name).filter((name) => name !== 'participant_id'), request, 'column', 'participants.tsv');
  }

  async #columnValues(request: DataRequest): Promise<readonly Completion[]> {
    const contents = await this.#contents(request, looked);
    const values = contents.flatMap(({ columns }) => columns.filter((column) => column.name === request.column).map((column) => column.value));
    return this.#fresh([...new Set(values)].filter((value) => value !== '' && value !== 'n/a'), request, 'value', request.column ?? '');
  }

  /** The first participants of the dataset. */
  async #contents(request: DataRequest, limit: number): Promise<readonly ParticipantContents[]> {
    const dataset = this.#dataset(request);
    if (dataset === undefined) return [];
    const { labels } = await this.#services.runner.request('datasets.participants', { dataset, offset: 0, limit }, { signal: this.#signal });
    return Promise.all(labels.map((label) => this.#services.runner.request('datasets.participant', { dataset, label }, { signal: this.#signal })));
  }

  #runs(): readonly Completion[] {
    const last = this.#services.runs.runs.length > 0 ? [this.#item('last', 'run', { detail: 'the newest run', sort: '00' })] : [];
    return [...last, ...this.#services.runs.runs.map((run, index) => this.#item(run.id, 'run', { detail: `${run.status}: ${run.command}`, sort: `1${String(index).padStart(3, '0')}` }))];
  }

  #fresh(values: readonly string[], { taken }: DataRequest, kind: Completion['kind'], detail: string): readonly Completion[] {
    return values.filter((value) => !taken.includes(value)).map((value, index) => this.#item(value, kind, { detail, sort: `0${String(index).padStart(3, '0')}` }));
  }

  #dataset({ dataset, storage }: DataRequest): DatasetRef | undefined {
    return dataset === undefined ? undefined : { uri: this.#absolute(dataset), storage };
  }

  #absolute(path: string): string {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return path.replace(/\/+$/, '');
    return resolve(this.#services.cwd(), path.startsWith('~') ? join(homedir(), path.slice(1)) : path);
  }

  #item(value: string, kind: Completion['kind'], more: { readonly detail?: string; readonly sort?: string; readonly unfinished?: boolean }): Completion {
    return dataItem(value, kind, this.#completions, more);
  }
}

function isImage(name: string): boolean {
  return /\.(ome\.zarr|zarr|ozx|ome\.zarr\.zip|nii|nii\.gz)[/\\]?$/i.test(name);
}
