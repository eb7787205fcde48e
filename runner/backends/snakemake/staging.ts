import { join } from 'node:path';
import type { Places } from '../../engine/places.ts';
import { errorFromReport, reportError, SpimquantError } from '../../protocol/errors.ts';
import type { RunEventBody } from '../../protocol/events.ts';
import type { LevelCommand, PathFilter, SyncCommand } from '../../protocol/options.ts';
import { isRemote } from '../../storage/uri.ts';
import { sumWords } from '../../transfer/words.ts';
import { copying, quietly } from '../quietSync.ts';
import type { StagingBackend } from '../quietSync.ts';

/** Where the installed SPIMquant, which reads and writes folders alone, finds the dataset and puts results. */
export interface Staging {
  readonly dataset: string;
  readonly output: string;
  /** Brings what is needed of a bucket here. */
  readonly fetches: readonly SyncCommand[];
  /** Brings results to their bucket; undefined: they are where they belong. */
  readonly send?: SyncCommand;
}

const include = (...patterns: readonly string[]): readonly PathFilter[] => patterns.map((pattern) => ({ include: true, pattern }));
const exclude = (...patterns: readonly string[]): readonly PathFilter[] => patterns.map((pattern) => ({ include: false, pattern }));

/** What a BIDS dataset says of itself. */
const about = ['/*.tsv', '/*.json', '/README*', '/CHANGES*', '/LICENSE*', '/.bidsignore'];
/** What of images tells what they are. Zipped ones and those in one file tell it inside. */
const metadata = ['*.json', '.zattrs', '.zarray', '.zgroup', '.zmetadata', '*.ozx', '*.ome.zarr.zip', '*.ims', '*.nii.gz'].map((name) => `/sub-*/**/${name}`);
/** What both programs keep for themselves in an output. */
const bookkeeping = exclude('/.spimquant', '/.snakemake');

/** What is copied where, before and after. Pure. */
export function stagingOf(command: LevelCommand, places: Places): Staging {
  const here = (place: 'dataset' | 'output'): string => (isRemote(places[place].uri) ? join(places.work.uri, place) : places[place].uri);
  const [dataset, output] = [here('dataset'), here('output')];
  const copy = (from: 'dataset' | 'output', to: string, filters: readonly PathFilter[]): SyncCommand => copying(command, { bids: places[from].uri, storage: places[from].storage, output: to, toStorage: {}, filters });
  return {
    dataset, output,
    fetches: [
      ...(dataset === places.dataset.uri ? [] : [copy('dataset', dataset, datasetFilters(command))]),
      ...(output === places.output.uri ? [] : [copy('output', output, outputFilters(command))]),
    ],
    ...(output === places.output.uri ? {} : { send: copying(command, { bids: output, storage: {}, output: places.output.uri, toStorage: places.output.storage, filters: bookkeeping }) }),
  };
}

function datasetFilters({ verb, options, execution }: LevelCommand): readonly PathFilter[] {
  const { participantLabel, excludeParticipantLabel } = options;
  const derivatives = execution.external?.flags.includes('--derivatives') === true;
  const without = exclude(...excludeParticipantLabel.map((label) => `/sub-${label}`), ...(derivatives ? [] : ['/derivatives']), '/sourcedata');
  // Group statistics read tables of the output: of images it is enough to know that they are there.
  if (verb === 'group') return [...include(...about, ...metadata), ...without];
  if (participantLabel.length === 0) return without;
  return [...include(...about, ...participantLabel.map((label) => `/sub-${label}`), ...(derivatives ? ['/derivatives/*/*.json', ...participantLabel.map((label) => `/derivatives/*/sub-${label}`)] : [])), ...without];
}

/** What is there already is not made again, and groups are compared by tables. */
function outputFilters({ verb, options: { participantLabel } }: LevelCommand): readonly PathFilter[] {
  const shared = ['/tpl-*', '/config', '/.snakebids'];
  if (verb === 'group') return [...include(...shared, '/sub-*/**/tabular', '/group'), ...bookkeeping];
  if (participantLabel.length > 0) return [...include(...shared, ...participantLabel.map((label) => `/sub-${label}`)), ...bookkeeping];
  return [...exclude('/group'), ...bookkeeping];
}

/** Carries out a copying and says so. Throws what it fails by. */
export async function copy(command: SyncCommand, backend: StagingBackend, append: (body: RunEventBody) => void): Promise<void> {
  const say = (message: string): void => { append({ type: 'run-log', level: 'info', message }); };
  say(`Copies ${command.bids} to ${command.output}`);
  const { outcome, state, failures, done } = await quietly(command, backend, (part) => { say(`${Math.floor(100 * part)} % of ${command.bids} are copied`); });
  if (outcome === 'cancelled') throw new SpimquantError('cancelled', 'Cancelled while files were copied.');
  if (outcome !== 'succeeded') throw errorFromReport(state.error ?? failures.at(0)?.error ?? reportError(new Error(`${command.bids} could not be copied.`)));
  say(`Copied ${sumWords(done?.result.copied ?? { files: 0, bytes: 0 })}`);
}
