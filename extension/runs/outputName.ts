import type { OutputFile } from '../../runner/protocol/runs.ts';
import { formatScope } from '../../runner/wording/words.ts';

/** BIDS entities that all files of a participant have alike. */
const common = /^(?:sub|ses|sample|acq|tpl)-/;

/**
 * A file by what it holds rather than by its path: `sub-01: report`, `sub-01: mergedsegstats seg-all desc-otsu+k3i2`. Other
 * names than those of BIDS stay as they are.
 */
export function outputName({ uri, title, scope }: Pick<OutputFile, 'uri' | 'title' | 'scope'>): string {
  const file = uri.split(/[\\/]/).at(-1) ?? title;
  const parts = file.replace(/(?:\.nii|\.ome)?\.[a-z0-9]+$/i, '').split('_');
  const suffix = parts.pop() ?? file;
  const entities = parts.filter((part) => part.includes('-') && !common.test(part));
  if (parts.length === 0) return scope === undefined ? file : `${formatScope(scope)}: ${file}`;
  const owner = scope === undefined ? parts.filter((part) => /^(?:sub|tpl)-/.test(part)).join(' ') : formatScope(scope);
  return `${owner === '' ? '' : `${owner}: `}${[suffix, ...entities].join(' ')}`;
}
