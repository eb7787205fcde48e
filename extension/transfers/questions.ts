import { joinWords, splitWords } from '../../runner/command/shell.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import { cleanStorage } from '../../runner/protocol/storageChoice.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import { answersOf, serviceOf, storageOf } from '../explorer/datasets/reach.ts';
import { reachSteps } from '../explorer/datasets/reachSteps.ts';
import type { ReachForm } from '../explorer/datasets/reachSteps.ts';
import { datasetChoices } from '../forms/choices.ts';
import { absoluteAddress, isBucket } from '../forms/paths.ts';
import { askText, pickMany, pickOne } from '../forms/pickers.ts';
import type { Choice } from '../forms/pickers.ts';
import { pickPath } from '../forms/pickPath.ts';
import { walk } from '../forms/walk.ts';
import type { Place, Step } from '../forms/walk.ts';
import type { Services } from '../services.ts';
import { optionWords } from './outlookWords.ts';
import { fileSource, folderSource } from './sources.ts';
import type { TransferSource } from './sources.ts';
import { knownReach, suggestedTargets } from './suggestions.ts';
import type { Direction, PastTarget, Suggestion } from './suggestions.ts';
import { optionsFor } from './syncCommand.ts';
import type { TransferOption } from './syncCommand.ts';

const recentKey = 'transfers.targets';
const recentAtMost = 8;

/** Destinations of earlier transfers, the last one first. Addresses and how they are reached, never a secret. */
export function recentTargets({ context }: Services): readonly PastTarget[] {
  const kept = context.globalState.get<unknown>(recentKey);
  if (!Array.isArray(kept)) return [];
  return kept.flatMap((each: unknown) => (typeof each === 'object' && each !== null && 'uri' in each && typeof each.uri === 'string' && 'storage' in each ? [{ uri: each.uri, storage: cleanStorage(each.storage), source: 'source' in each && typeof each.source === 'string' ? each.source : '' }] : []));
}

/** Remembers where a transfer goes, for the next one and for files that are opened from there. */
export async function rememberTarget(services: Services, source: string, { uri, storage }: DatasetRef): Promise<void> {
  await services.context.globalState.update(recentKey, [{ uri, storage, source }, ...recentTargets(services).filter((each) => each.uri !== uri)].slice(0, recentAtMost));
  if (isBucket(uri)) await services.files.reaches.note(uri, storage);
}

/** Datasets of the list; none where they cannot be told, which is no hindrance. */
export async function knownDatasets({ runner }: Services): Promise<readonly DatasetRef[]> {
  return (await runner.request('datasets.list', {}).catch(() => ({ datasets: [] }))).datasets;
}

/** An address that is asked for, and how it is reached. `known`: nobody has to be asked. */
interface PlaceForm extends ReachForm {
  readonly known: StorageChoice | undefined;
}

/** The questions how a bucket is reached, where it is not known. */
function unknownReach(services: Services, title: string): readonly Step<PlaceForm>[] {
  return reachSteps(services, title).map((step): Step<PlaceForm> => ({
    name: step.name, needed: (answers) => answers.known === undefined && (step.needed?.(answers) ?? true), ask: (answers, place) => step.ask(answers, place),
  }));
}

function placeOf({ uri = '', known, ...answers }: Partial<PlaceForm>): DatasetRef {
  const service = serviceOf(uri);
  return { uri, storage: service === undefined ? {} : known ?? storageOf(service, answers) };
}

/** Asks how a bucket is reached; undefined when the user left. */
export async function askReach(services: Services, title: string, { uri, storage }: DatasetRef): Promise<StorageChoice | undefined> {
  const service = serviceOf(uri);
  if (service === undefined) return {};
  const answers = await walk<ReachForm>(reachSteps(services, title), { uri, ...answersOf(service, storage) });
  return answers === undefined ? undefined : storageOf(service, answers, storage);
}

/** Asks what is copied; undefined when the user left. */
export async function askSource(services: Services, direction: Direction, title: string): Promise<TransferSource | undefined> {
  const datasets = await knownDatasets(services);
  const fits = ({ uri }: DatasetRef): boolean => direction === 'sync' || isBucket(uri) === (direction === 'download');
  const outputs = services.runs.runs.filter((run) => run.verb !== 'sync' && fits({ uri: run.output, storage: {} })).map(({ output }) => output);
  const given: readonly Choice<string>[] = [
    ...datasetChoices(datasets.filter(fits)).map((choice) => ({ ...choice, value: choice.value?.uri ?? '' })),
    ...[...new Set(outputs)].slice(0, 5).map((uri) => ({ label: '$(beaker) Outputs of a run', description: uri, value: uri })),
  ];
  const known = [...datasets, ...recentTargets(services)];
  const step: Step<PlaceForm> = {
    name: 'address',
    async ask(answers, place) {
      const picked = await pickPath(services, {
        title, place, verb: 'Copy', value: answers.uri, given, files: true,
        placeholder: direction === 'download' ? 'What is downloaded? s3://bucket/bids/sub-01, gs://… or az://…' : 'What is copied? A folder or a file',
        storage: async (text) => knownReach(text, known, false) ?? {},
      });
      if (picked.kind !== 'picked') return { kind: picked.kind };
      const uri = absoluteAddress(picked.value, services.cwd());
      return { kind: 'next', answers: { uri, known: isBucket(uri) ? knownReach(uri, known, false) : {} } };
    },
  };
  const answers = await walk<PlaceForm>([step, ...unknownReach(services, title)], {});
  return answers === undefined ? undefined : sourceAt(services, placeOf(answers), datasets);
}

/** The source at an address. Throws as storage does when nothing is there, or it cannot be looked at. */
export async function sourceAt({ runner }: Services, place: DatasetRef, datasets: readonly DatasetRef[]): Promise<TransferSource> {
  if (datasets.some(({ uri }) => uri === place.uri)) return { ...folderSource(place), kind: 'dataset' };
  const found = await runner.request('storage.stat', { uri: place.uri, storage: place.storage });
  return found.kind === 'file' ? fileSource(place) : folderSource(place);
}

type TargetPick = { readonly suggestion: Suggestion } | 'other';

/** Asks where the copy goes; undefined when the user left. */
export async function askTarget(services: Services, direction: Direction, title: string, source: TransferSource): Promise<DatasetRef | undefined> {
  const datasets = await knownDatasets(services);
  const recent = recentTargets(services);
  const known = [...datasets, ...recent];
  const suggestions = suggestedTargets({ direction, source, datasets, recent, cwd: services.cwd() });
  const starts = datasets.filter(({ uri }) => direction !== 'download' && isBucket(uri)).map((dataset) => ({ label: `$(cloud) ${dataset.uri}/`, value: `${dataset.uri}/` }));
  const written = (place: Place, value?: string): ReturnType<typeof pickPath> => pickPath(services, {
    title, place: { ...place, canGoBack: suggestions.length > 0 || place.canGoBack }, verb: direction === 'download' ? 'Download here' : direction === 'upload' ? 'Upload here' : 'Copy here', value, starts,
    placeholder: direction === 'download' ? 'Folder, or another bucket such as s3://bucket/copy' : 'Bucket or folder: s3://bucket/results, gs://…, az://account/container/…',
    storage: async (text) => knownReach(text, known, true) ?? {},
  });
  const step: Step<PlaceForm> = {
    name: 'target',
    async ask(_answers, place) {
      for (;;) {
        if (suggestions.length > 0) {
          const picked = await pickOne<TargetPick>({
            title, place, placeholder: `Where does the copy of ${source.title} go?`,
            choices: [
              ...suggestions.map((suggestion) => ({ label: `$(${isBucket(suggestion.uri) ? 'cloud' : 'folder'}) ${suggestion.uri}`, description: suggestion.why, value: { suggestion } })),
              { label: '$(edit) Another folder or bucket…', value: 'other' as const },
            ],
          });
          if (picked.kind !== 'picked') return { kind: picked.kind };
          if (picked.value !== 'other') return { kind: 'next', answers: { uri: picked.value.suggestion.uri, known: picked.value.suggestion.storage } };
        }
        const picked = await written(place);
        if (picked.kind === 'back' && suggestions.length > 0) continue;
        if (picked.kind !== 'picked') return { kind: picked.kind };
        const uri = absoluteAddress(picked.value, services.cwd());
        return { kind: 'next', answers: { uri, known: isBucket(uri) ? knownReach(uri, known, true) : {} } };
      }
    },
  };
  const answers = await walk<PlaceForm>([step, ...unknownReach(services, title)], {});
  return answers === undefined ? undefined : placeOf(answers);
}

/** Asks what is chosen of a transfer; undefined when the user left or went back. */
export async function askOptions(title: string, source: TransferSource, deletes: boolean, chosen: readonly TransferOption[]): Promise<readonly TransferOption[] | undefined> {
  const picked = await pickMany<TransferOption>({
    title, placeholder: 'Tick what holds for this copy', atLeast: 0,
    choices: optionsFor(source.kind, deletes).map((option) => ({ label: optionWords[option].label, description: optionWords[option].detail, value: option, picked: chosen.includes(option) })),
  });
  return picked.kind === 'picked' ? picked.value : undefined;
}

/** Asks what stays behind, as patterns with blanks between them; undefined when the user left. */
export async function askLeftOut(title: string, leftOut: readonly string[]): Promise<readonly string[] | undefined> {
  const picked = await askText({
    title, placeholder: '*.ome.zarr  sub-03  /derivatives', value: joinWords(leftOut),
    prompt: 'Patterns of what is left out, as in .gitignore, with blanks between them. Empty: nothing.',
    check: (text) => {
      try {
        return splitWords(text).some((word) => word.text.startsWith('-')) ? 'A pattern does not begin with a hyphen.' : undefined;
      } catch (error) {
        return reportError(error).message;
      }
    },
  });
  return picked.kind === 'picked' ? splitWords(picked.value).map((word) => word.text) : undefined;
}
