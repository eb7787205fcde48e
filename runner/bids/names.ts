import type { BidsName, Entities } from './bids.types.ts';

/**
 * Order of the entities in a file name (BIDS entity table as snakebids 0.15 uses it, with `tpl` in front;
 * pipeline-spec §1.1). Entities that are not listed follow in the order they are given, before `desc`.
 */
const entityOrder = [
  'tpl', 'sub', 'ses', 'sample', 'task', 'tracksys', 'acq', 'nuc', 'voi', 'ce', 'stain', 'trc', 'rec', 'dir', 'run',
  'mod', 'echo', 'flip', 'inv', 'mt', 'proc', 'part', 'space', 'atlas', 'seg', 'hemi', 'res', 'den', 'roi', 'from',
  'to', 'split', 'recording', 'chunk', 'model', 'subset', 'label',
] as const;

const rank = new Map<string, number>(entityOrder.map((key, index) => [key, index]));

/** What makes up the path of a BIDS file. */
export interface BidsPathParts {
  /** Folder in front of everything, e.g. `group/1`. */
  readonly root?: string;
  readonly datatype?: string;
  /** Undefined and empty values are left out. */
  readonly entities: Readonly<Record<string, string | number | undefined>>;
  readonly suffix: string;
  /** With or without the leading dot. */
  readonly extension: string;
}

/** File name without folders: entities in BIDS order, suffix, extension. */
export function bidsName(parts: Omit<BidsPathParts, 'root' | 'datatype'>): string {
  const given = Object.entries(parts.entities).filter(([, value]) => value !== undefined && value !== '');
  const place = (key: string): number => (key === 'desc' ? Infinity : (rank.get(key) ?? entityOrder.length));
  const ordered = given
    .map(([key, value], index) => ({ key, value: String(value), index }))
    .sort((a, b) => compare(place(a.key), place(b.key)) || a.index - b.index);
  const extension = parts.extension === '' || parts.extension.startsWith('.') ? parts.extension : `.${parts.extension}`;
  return [...ordered.map(({ key, value }) => `${key}-${value}`), parts.suffix].join('_') + extension;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Path below the output folder: `root/tpl-…/sub-…/ses-…/datatype/name`. */
export function bidsPath(parts: BidsPathParts): string {
  const { entities } = parts;
  const folders = [
    parts.root,
    entities.tpl === undefined ? undefined : `tpl-${entities.tpl}`,
    entities.sub === undefined ? undefined : `sub-${entities.sub}`,
    entities.ses === undefined ? undefined : `ses-${entities.ses}`,
    parts.datatype,
  ].filter((folder): folder is string => folder !== undefined && folder !== '');
  return [...folders, bidsName(parts)].join('/');
}

/** Entities that tell one image from another, in the order of their names: what upstream calls the wildcards. */
export function imageIdentity(entities: Entities): Entities {
  const kept: Record<string, string> = {};
  for (const key of ['sub', 'ses', 'sample', 'acq']) if (entities[key] !== undefined) kept[key] = entities[key];
  return kept;
}

/**
 * Takes a file or folder name apart. The extension begins at the first dot, so `ome.zarr.zip` and `nii.gz` stay whole.
 * Undefined for a name that is not made of `key-value` parts and a suffix, or that repeats a key.
 */
export function parseBidsName(name: string): BidsName | undefined {
  const dot = name.indexOf('.');
  const parts = (dot < 0 ? name : name.slice(0, dot)).split('_');
  const suffix = parts.pop() ?? '';
  if (!/^[A-Za-z0-9]+$/.test(suffix)) return undefined;
  const entities: Record<string, string> = {};
  for (const part of parts) {
    const match = /^([A-Za-z]+)-([A-Za-z0-9+]+)$/.exec(part);
    if (match === null || Object.hasOwn(entities, match[1])) return undefined;
    entities[match[1]] = match[2];
  }
  return { entities, suffix, extension: dot < 0 ? '' : name.slice(dot + 1) };
}
