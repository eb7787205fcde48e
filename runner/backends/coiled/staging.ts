import { joinWords } from '../../command/shell.ts';
import { checkOutput } from '../../engine/outputFolder.ts';
import { openPlaces } from '../../engine/places.ts';
import type { CloudOptions } from '../../protocol/cloud.ts';
import { errorFromReport, reportError, SpimquantError } from '../../protocol/errors.ts';
import type { PathFilter, SyncCommand } from '../../protocol/options.ts';
import { ownStorage } from '../../protocol/storageChoice.ts';
import { expandHome, isRemote, normaliseUri } from '../../storage/uri.ts';
import type { Sum } from '../../transfer/transfer.types.ts';
import { sumWords } from '../../transfer/words.ts';
import { count } from '../../wording/words.ts';
import { placesOf } from '../local.ts';
import type { LocalBackend } from '../local.ts';
import { copying, quietly } from '../quietSync.ts';
import type { StagingBackend } from '../quietSync.ts';
import { planSync } from '../sync.ts';
import type { CloudJournal } from './cloudRun.types.ts';
import type { CohortCommand } from './preflight.ts';

/** A run as machines see it, and what has to be copied for that. */
export interface Staging {
  /** Dataset and output in buckets. */
  readonly command: CohortCommand;
  /** Brings the dataset to its bucket. */
  readonly upload?: SyncCommand;
  /** Brings results from their bucket. */
  readonly download?: SyncCommand;
}

/** What copying the dataset first would be. */
export interface UploadPlan {
  readonly copy: Sum;
  readonly destination: string;
  /** What it may cost, where that is known. */
  readonly cost?: string;
}

/** Where results stand in a bucket when nothing else is said: where BIDS has them. */
const usualOutput = 'derivatives/spimquant';
/** What of an output in a bucket is about its machines, and not about its results. */
const notFetched: readonly PathFilter[] = ['/.spimquant/cloud', '/.spimquant/lock.json'].map((pattern) => ({ include: false, pattern }));
/** By what an output is recognised: fetched with the first results, so that an interrupted fetch can be gone on with. */
const alwaysFetched: readonly PathFilter[] = ['/.spimquant/output.json', '/dataset_description.json'].map((pattern) => ({ include: true, pattern }));

/**
 * Gives a run whose dataset or output is a folder of this machine places in buckets. Throws `bad-option` where it is not said which:
 * nothing is copied anywhere without that. Pure.
 */
export function stagingOf(command: CohortCommand, cloud: CloudOptions): Staging {
  const [dataset, output] = [normaliseUri(expandHome(command.bids)), normaliseUri(expandHome(command.output))];
  const flagged = (flag: string, uri: string | undefined): string | undefined => {
    if (uri === undefined) return undefined;
    const place = normaliseUri(uri);
    if (isRemote(place)) return place;
    throw new SpimquantError('bad-option', `--${flag} has to be an address in a bucket: ${uri}`, { where: uri, hint: `Write it as s3://bucket/prefix.` });
  };
  const [syncInput, staged] = [flagged('cloud_sync_input', cloud.syncInput), flagged('cloud_output', cloud.output)];
  if (!isRemote(dataset) && syncInput === undefined) {
    throw new SpimquantError('bad-option', `The dataset is a folder of this machine, which machines of a cloud cannot read: ${dataset}`, {
      where: dataset, hint: `Add --cloud_sync_input s3://BUCKET/bids to have it copied there first; "${joinWords(['spimquant', 'sync', dataset])} s3://BUCKET/bids -n" tells how much that is and what it costs.`,
    });
  }
  const source = isRemote(dataset) ? dataset : syncInput ?? '';
  const results = isRemote(output) ? output : staged ?? `${source}/${usualOutput}`;
  if (results === source) throw new SpimquantError('bad-option', `Dataset and output are the same: ${results}`, { where: results, hint: 'Give results an address of their own with --cloud_output.' });
  const own = ownStorage(command.storage);
  return {
    command: { ...command, bids: source, output: results },
    ...(isRemote(dataset) ? {} : { upload: copying(command, { bids: dataset, storage: {}, output: source, toStorage: own, filters: [] }) }),
    ...(isRemote(output) ? {} : { download: copying(command, { bids: results, storage: own, output, toStorage: {}, filters: notFetched }) }),
  };
}

/** How much copying the dataset would be; undefined: it is there already. */
export async function planUpload(upload: SyncCommand, { env, signal }: StagingBackend): Promise<UploadPlan | undefined> {
  await using dry = await planSync(upload, { env, signal });
  if (dry.refusal !== undefined) throw errorFromReport(dry.refusal);
  if (dry.plan.copy.files === 0) return undefined;
  return { copy: dry.plan.copy, destination: dry.ends.destination.uri, ...(dry.cost === undefined ? {} : { cost: dry.cost.text }) };
}

/** `12 files, 3.4 GB, to s3://…`, with what it may cost. */
export function uploadWords({ copy, destination, cost }: UploadPlan): string {
  return `${sumWords(copy)}, to ${destination}.${cost === undefined ? ' Copying into a bucket is free at most providers; keeping it there is not.' : ` ${cost}`}`;
}

/** Copies the dataset to its bucket. What an interrupted try has copied is not copied again. Throws what it failed by. */
export async function carryOutUpload(upload: SyncCommand, plan: UploadPlan, journal: CloudJournal, backend: StagingBackend): Promise<void> {
  // What costs time and money is said wherever the run is shown.
  journal.append({ type: 'run-log', level: 'warn', message: `Copies the dataset first: ${uploadWords(plan)}` });
  const { outcome, failures, state } = await quietly(upload, backend, (part) => { journal.append({ type: 'run-log', level: 'info', message: `${Math.floor(100 * part)} % of the dataset are copied` }); });
  if (outcome === 'succeeded') return;
  if (outcome === 'cancelled') throw new SpimquantError('cancelled', 'Cancelled while the dataset was copied.');
  throw errorFromReport(state.error ?? failures.at(0)?.error ?? reportError(new Error('The dataset could not be copied.')));
}

/** Throws `already-exists` and `bad-option` for a folder that results must not be put into. */
export async function checkDownload(command: CohortCommand, env: LocalBackend['env']): Promise<void> {
  await checkOutput(openPlaces(placesOf(command, env))('output'), command.execution);
}

/** Brings results here while machines still work on others. What fails is tried again at the end. */
export class ResultsFetch {
  readonly #download: SyncCommand;
  readonly #journal: CloudJournal;
  readonly #backend: StagingBackend;
  readonly #waiting = new Set<string>();
  #working: Promise<void> | undefined;

  constructor(download: SyncCommand, journal: CloudJournal, backend: StagingBackend) {
    this.#download = download;
    this.#journal = journal;
    this.#backend = backend;
  }

  /** Fetches the results of a participant that has just finished, with those that finish meanwhile. */
  add(participant: string): void {
    this.#waiting.add(participant);
    this.#working ??= this.#work().finally(() => { this.#working = undefined; });
  }

  async #work(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#backend.signal.aborted) {
      const participants = [...this.#waiting];
      this.#waiting.clear();
      const filters = [...participants.map((label): PathFilter => ({ include: true, pattern: `/sub-${label}` })), ...alwaysFetched];
      try {
        const { outcome, done } = await quietly({ ...this.#download, options: { ...this.#download.options, filters } }, this.#backend);
        if (outcome === 'succeeded') this.#say('info', `Fetched ${participants.slice(0, 5).map((label) => `sub-${label}`).join(', ')}${participants.length > 5 ? `, … (${count(participants.length, 'participant')})` : ''}: ${sumWords(done?.result.copied ?? { files: 0, bytes: 0 })}`);
      } catch (error) {
        if (!this.#backend.signal.aborted) this.#say('warn', `Results could not be fetched yet: ${reportError(error).message}`);
      }
    }
  }

  /** Resolves when nothing is being fetched any more. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Fetches all that is not here yet. Throws what cannot be fetched. */
  async finish(): Promise<void> {
    await this.#working;
    const { outcome, state, failures, done } = await quietly(this.#download, this.#backend);
    if (outcome === 'cancelled') throw new SpimquantError('cancelled', 'Cancelled while results were fetched.');
    if (outcome === 'failed') throw errorFromReport(state.error ?? failures.at(0)?.error ?? reportError(new Error('Results could not be fetched.')));
    const copied = done?.result.copied ?? { files: 0, bytes: 0 };
    this.#say('info', copied.files === 0 ? `All results are in ${this.#download.output}` : `Fetched what was missing: ${sumWords(copied)}. All results are in ${this.#download.output}`);
  }

  #say(level: 'info' | 'warn', message: string): void {
    this.#journal.append({ type: 'run-log', level, message });
  }
}
