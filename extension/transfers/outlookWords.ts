import type { FileSum, TransferOutlook } from '../../runner/protocol/transferOutlook.ts';
import { count, formatBytes } from '../../runner/wording/words.ts';
import { descriptionFiles } from './sources.ts';
import type { TransferSource } from './sources.ts';
import type { TransferOption } from './syncCommand.ts';

/** `12 files (3.4 GB)`. */
export function sumText({ files, bytes }: FileSum): string {
  return `${count(files, 'file')} (${formatBytes(bytes)})`;
}

/** What there is to do, in a line. */
export function outlookText({ copy, upToDate, delete: deletes, onlyAtDestination, problems }: TransferOutlook): string {
  return [
    copy.files === 0 ? 'Nothing to copy' : `${sumText(copy)} to copy`,
    ...(upToDate.files > 0 ? [`${upToDate.files.toLocaleString('en')} up to date`] : []),
    ...(deletes.files > 0 ? [`${deletes.files.toLocaleString('en')} to delete`] : onlyAtDestination > 0 ? [`${onlyAtDestination.toLocaleString('en')} only at the destination`] : []),
    ...(problems > 0 ? [`${problems.toLocaleString('en')} cannot be copied`] : []),
  ].join(' · ');
}

/** Whether carrying the plan out would change anything. */
export function doesAnything({ copy, delete: deletes }: TransferOutlook): boolean {
  return copy.files > 0 || deletes.files > 0;
}

/** The question before anything is deleted: how many, where, and some of their names. */
export function deletionQuestion({ delete: deletes, deletions, destination, refusal }: TransferOutlook): DeletionQuestion {
  const rest = deletes.files - deletions.length;
  return {
    question: `Delete ${sumText(deletes)} from ${destination}?`,
    warnings: [
      ...(refusal === undefined ? [] : [refusal.error.message.replace(/ Nothing was changed\.$/, '')]),
      'It cannot be brought back, unless the bucket keeps old versions.',
    ],
    files: [...deletions, ...(rest > 0 ? [`and ${rest.toLocaleString('en')} more`] : [])],
    yes: `Delete ${count(deletes.files, 'file')}`,
  };
}

/** A question whose answer deletes. */
export interface DeletionQuestion {
  readonly question: string;
  readonly warnings: readonly string[];
  /** Names of the first ones, and how many there are besides. */
  readonly files: readonly string[];
  readonly yes: string;
}

/** What an option does, as a line to tick. */
export const optionWords: Readonly<Record<TransferOption, { readonly label: string; readonly detail: string }>> = {
  description: { label: 'Files of the dataset', detail: `${descriptionFiles.slice(0, 2).join(', ')} …: the copy is a dataset of its own` },
  derivatives: { label: 'Derivatives', detail: 'results below the dataset' },
  checksum: { label: 'Compare contents', detail: 'instead of times; files of this machine are read for it' },
  delete: { label: 'Delete what the source does not have', detail: 'asked again before anything is deleted' },
};

/** What is copied, in a line. */
export function whatText(source: TransferSource, options: readonly TransferOption[]): string {
  return [
    source.kind === 'dataset' || source.kind === 'folder' ? `all of ${source.title}` : source.title,
    ...(source.kind === 'part' && options.includes('description') ? ['with files of the dataset'] : []),
    ...(source.kind === 'dataset' && !options.includes('derivatives') ? ['without derivatives'] : []),
    ...(options.includes('checksum') ? ['compared by content'] : []),
    ...(options.includes('delete') ? ['deletes what the source does not have'] : []),
  ].join(', ');
}
