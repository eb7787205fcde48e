import { count, formatBytes } from '../wording/words.ts';
import type { CarryOutResult } from './carryOut.ts';
import type { TransferPlan } from './plan.ts';
import type { CopyReason, Sum } from './transfer.types.ts';

/** Why a file is copied, in a word or two. */
export const copyReasonWords: Readonly<Record<CopyReason, string>> = {
  'new': 'new', 'size-differs': 'another size', 'content-differs': 'another content', 'source-changed': 'changed at the source', 'destination-changed': 'changed at the destination',
  'source-newer': 'newer at the source', 'age-unknown': 'of unknown age', 'forced': 'forced by --forceall',
};

/** `12 files, 3.4 GB`. */
export function sumWords({ files, bytes }: Sum): string {
  return `${count(files, 'file')}, ${formatBytes(bytes)}`;
}

/** What a plan comes to, in one sentence. */
export function planWords(plan: TransferPlan, deletes: boolean): string {
  const sum = (part: Sum): string => (part.files === 0 ? '0 files' : `${count(part.files, 'file')} (${formatBytes(part.bytes)})`);
  const extra = plan.extra === 0 ? [] : deletes ? [`${sum(plan.delete)} to delete`] : [`${count(plan.extra, 'file')} only at the destination, which ${plan.extra === 1 ? 'stays' : 'stay'} there`];
  return `${[
    `${sum(plan.copy)} to copy`, `${sum(plan.skip)} up to date`, ...extra,
    ...(plan.excluded > 0 ? [`${count(plan.excluded, 'file')} left out by filters`] : []),
    ...(plan.problems > 0 ? [`${count(plan.problems, 'file')} that cannot be copied`] : []),
  ].join(', ')}.`;
}

const verifiedWords: Readonly<Record<keyof CarryOutResult['verified'], string>> = {
  md5: 'by their MD5', sha256: 'by their SHA-256', crc32: 'by their CRC-32', crc32c: 'by their CRC-32C', 'read-back': 'by reading back what was written', parts: 'part by part, as the service took them',
};

/** What was copied, and by what it was found right. */
export function resultWords({ copied, gone, verified }: CarryOutResult): string {
  return [`${count(copied.files, 'file')} (${formatBytes(copied.bytes)}) copied.`, checkedWords({ verified }), ...(gone === 0 ? [] : [`${count(gone, 'file')} vanished from the source before their turn.`])].filter((part) => part !== '').join(' ');
}

/** By what copies were found right; empty when there were none. */
export function checkedWords({ verified }: Pick<CarryOutResult, 'verified'>): string {
  const checked = (Object.entries(verified) as [keyof typeof verifiedWords, number][]).map(([kind, files]) => `${files} ${verifiedWords[kind]}`);
  return checked.length === 0 ? '' : `Found right: ${checked.join(', ')}.`;
}
