import { parseBidsName } from '../bids/names.ts';
import type { OutputEntry, OutputKind, ScopeKind } from '../protocol/outputs.ts';

const kindOfExtension: readonly (readonly [OutputKind, RegExp])[] = [
  ['report', /^html?$/i],
  ['figure', /^(png|svg|jpe?g)$/i],
  ['table', /^(tsv|csv|parquet)$/i],
  ['image', /^(nii(\.gz)?|ozx|ome\.zarr(\.zip)?|zarr)$/i],
  ['other', /^(txt|md|log|ya?ml|itksnap\.txt|json)$/i],
];

/** Suffixes as people call them. */
const titles: Readonly<Record<string, string>> = {
  report: 'Report', regqc: 'Registration', n4tunereport: 'N4 settings', n4tune: 'N4 setting',
  segslices: 'Segmentation, slices', histogram: 'Intensities', objectstats: 'Sizes of objects', zprofile: 'Profile through planes',
  roisummary: 'Regions with the most signal', roimontage: 'Regions, montage', thresholds: 'Thresholds', groupstats: 'Comparison of groups',
  mergedsegstats: 'Regions', allsubjects: 'Regions of all participants', regionpropstats: 'Objects with their region', regionprops: 'Objects',
  coloc: 'Overlapping pairs', fieldfrac: 'Field fraction', counts: 'Counts', coloccounts: 'Counts of pairs', dseg: 'Atlas', mask: 'Mask',
  SPIM: 'Channel', biasfield: 'Bias field', xfm: 'Transform', anat: 'Template', participants: 'Participants',
};

/** Entities that tell whose a file is, and those that its suffix makes clear. */
const ofWhom = new Set(['sub', 'ses', 'sample', 'acq', 'tpl']);

const mapSuffixes = new Set(['fieldfrac', 'counts', 'coloccounts']);

/** The folder that a path is filed under: of a group, template, participant or session; else the folder of results itself. */
export function scopeOf(path: string): { readonly scope: string; readonly kind: ScopeKind } {
  const group = /^group\/[^/]+(?=\/)/.exec(path)?.[0];
  if (group !== undefined) return { scope: group, kind: 'group' };
  const participant = /^sub-[^/]+(?:\/ses-[^/]+(?=\/))?(?=\/)/.exec(path)?.[0];
  if (participant !== undefined) return { scope: participant, kind: 'participant' };
  const template = /^tpl-[^/]+(?=\/)/.exec(path)?.[0];
  return template === undefined ? { scope: '', kind: 'folder' } : { scope: template, kind: 'template' };
}

/** Takes a name apart that BIDS does not quite have: methods and contrasts carry `+`, metrics of feature maps are suffixes. */
function looseName(file: string): { readonly entities: Readonly<Record<string, string>>; readonly suffix: string; readonly extension: string } {
  const strict = parseBidsName(file);
  if (strict !== undefined) return strict;
  const dot = file.indexOf('.');
  const parts = (dot < 0 ? file : file.slice(0, dot)).split('_');
  const suffix = parts.pop() ?? '';
  const entities: Record<string, string> = {};
  let last: string | undefined;
  for (const part of parts) {
    const match = /^([a-z]+)-(.+)$/.exec(part);
    if (match !== null) {
      last = match[1];
      entities[last] = match[2];
    } else if (last !== undefined) {
      // Names of columns may have an underscore: `contrast-time_point+lateVSearly`.
      entities[last] += `_${part}`;
    }
  }
  return { entities, suffix, extension: dot < 0 ? '' : file.slice(dot + 1) };
}

/**
 * What a file of a folder of results is. Undefined for what nobody opens: hidden files, and sidecars, whose content is
 * told with what they describe.
 */
export function classify(path: string, bytes: number, version: string): OutputEntry | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  if (file.startsWith('.')) return undefined;
  const name = looseName(file);
  const extension = name.extension.replace(/^.*?(?=(ome\.zarr|nii\.gz)$)/i, '');
  const found = kindOfExtension.find(([, pattern]) => pattern.test(extension))?.[0];
  const { scope, kind: scopeKind } = scopeOf(path);
  if (found === undefined || (extension === 'json' && scope !== '')) return undefined;
  const isFeature = /(^|\/)featuremap\//.test(path);
  const kind = found === 'image' && scopeKind === 'participant' && name.entities['space'] !== undefined && (isFeature || mapSuffixes.has(name.suffix)) ? 'map' : found;
  return { path, kind, scope, scopeKind, title: titleOf(file, name, isFeature), entities: name.entities, suffix: name.suffix, bytes, version };
}

function titleOf(file: string, { entities, suffix, extension }: ReturnType<typeof looseName>, isFeature: boolean): string {
  if (Object.keys(entities).length === 0) return suffix === 'report' && extension === 'html' ? 'Report' : file;
  const what = isFeature ? metricTitle(suffix) : titles[suffix] ?? suffix;
  const { stain, contrast, seg, desc, level, space, from, to } = entities;
  const parts = [
    stain, contrast === undefined ? undefined : contrast.replace('+', ', ').replace(/(?<=[^:\s])vs(?=\S)/, ' against '), seg === undefined ? undefined : `atlas ${seg}`, desc,
    level === undefined ? undefined : `level ${level}`, space === undefined ? undefined : `in ${space}`,
    suffix === 'xfm' ? `${from ?? ''} to ${to ?? ''}` : undefined,
  ].filter((part) => part !== undefined);
  const others = Object.entries(entities).filter(([key]) => !ofWhom.has(key) && !['stain', 'contrast', 'seg', 'desc', 'level', 'space', 'from', 'to'].includes(key)).map(([key, value]) => `${key}-${value}`);
  const all = [...parts, ...others];
  return all.length === 0 ? what : `${what}: ${all.join(', ')}`;
}

/** `Abeta+fieldfrac` in words. */
function metricTitle(metric: string): string {
  const at = metric.lastIndexOf('+');
  const measure = metric.slice(at + 1);
  const words = titles[measure] ?? measure.replace(/^./, (letter) => letter.toUpperCase());
  return `${words} by region${at < 0 ? '' : `: ${metric.slice(0, at)}`}`;
}

const kindOrder: readonly OutputKind[] = ['report', 'figure', 'table', 'map', 'image', 'other'];
const scopeOrder: readonly ScopeKind[] = ['group', 'participant', 'template', 'folder'];
/** Suffixes in the order of a look: what sums up comes first. */
const suffixOrder = ['report', 'regqc', 'groupstats', 'allsubjects', 'roisummary', 'mergedsegstats', 'segslices', 'thresholds', 'objectstats', 'zprofile', 'roimontage', 'histogram'];

function place<T>(order: readonly T[], value: T): number {
  const at = order.indexOf(value);
  return at < 0 ? order.length : at;
}

/** The order in which files are shown: by whom, by kind, by what they show. */
export function compareEntries(a: OutputEntry, b: OutputEntry): number {
  return place(scopeOrder, a.scopeKind) - place(scopeOrder, b.scopeKind)
    || (a.scope === b.scope ? 0 : `${a.scope}/` < `${b.scope}/` ? -1 : 1)
    || place(kindOrder, a.kind) - place(kindOrder, b.kind)
    || place(suffixOrder, a.suffix) - place(suffixOrder, b.suffix)
    || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}
