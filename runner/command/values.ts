import type { EntityFilter, Position, SegmentationMethod } from '../protocol/options.ts';

/** Why a value cannot be used, as the second half of a sentence: `must be …`. Caught and completed by the parser. */
export class BadValue extends Error {}

/** A whole number within limits. */
export function parseInteger(word: string, min = -Infinity, max = Infinity): number {
  const value = /^[+-]?\d+$/.test(word) ? Number(word) : NaN;
  if (!Number.isSafeInteger(value) || value < min || value > max) throw new BadValue(`must be a whole number${limits(min, max)}`);
  return value;
}

/** A number within limits. */
export function parseNumber(word: string, min = -Infinity, max = Infinity): number {
  const value = word.trim() === '' ? NaN : Number(word);
  if (!Number.isFinite(value) || value < min || value > max) throw new BadValue(`must be a number${limits(min, max)}`);
  return value;
}

function limits(min: number, max: number): string {
  if (min > -Infinity && max < Infinity) return ` from ${min} to ${max}`;
  if (min > -Infinity) return ` of at least ${min}`;
  if (max < Infinity) return ` of at most ${max}`;
  return '';
}

const units: Readonly<Record<string, number>> = {
  '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40,
};

/** Bytes from `8GB`, `500 MiB`, `1.5g`. A bare number is bytes. GB is 10^9, GiB is 2^30. */
export function parseSize(word: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i.exec(word.trim());
  const value = match === null ? NaN : Number(match[1]) * units[(match[2] ?? '').toLowerCase()];
  if (!(value >= 1)) throw new BadValue('must be an amount of memory such as 8GB or 500MiB');
  return Math.floor(value);
}

const durations: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds from `30m`, `24h`, `1.5d`, `90s`; `0` needs no unit, `none` is Infinity. */
export function parseDuration(word: string): number {
  const text = word.trim().toLowerCase();
  if (text === 'none') return Infinity;
  const match = /^(\d+(?:\.\d+)?)\s*(s|m|min|h|d)$/.exec(text);
  if (match === null && text !== '0') throw new BadValue('must be a time such as 30m, 24h or 2d, or 0, or none');
  return match === null ? 0 : Math.round(Number(match[1]) * durations[match[2]]);
}

/** A number of CPU cores, or `all`. */
export function parseCores(word: string): number | 'all' {
  if (word.toLowerCase() === 'all') return 'all';
  if (!/^\d+$/.test(word) || Number(word) < 1 || Number(word) > 4096) throw new BadValue('must be a number of cores of at least 1, or all');
  return Number(word);
}

/**
 * A segmentation method by its name: `th<value>`, `otsu+k<classes>i<index>`, or `gmm+n<components>k<sigmas>` with `p` for
 * the decimal point. The Otsu index runs from 0 (lowest histogram edge) over the k-1 thresholds to k (highest edge):
 * pipeline-spec §3.5.
 */
export function parseMethod(word: string): SegmentationMethod {
  const threshold = /^th(\d+)$/.exec(word);
  if (threshold) return { kind: 'threshold', name: word, value: Number(threshold[1]) };
  const otsu = /^otsu\+k(\d+)i(\d+)$/.exec(word);
  if (otsu) {
    const classes = Number(otsu[1]);
    const index = Number(otsu[2]);
    if (classes < 2 || classes > 8) throw new BadValue('otsu must have from 2 to 8 classes, as in otsu+k3i2');
    if (index > classes) throw new BadValue(`must have an index i from 0 to ${classes} (1 to ${classes - 1} are the thresholds), as in otsu+k${classes}i${classes - 1}`);
    return { kind: 'otsu', name: word, classes, index };
  }
  const gmm = /^gmm\+n(\d+)k(\d+(?:p\d+)?)$/.exec(word);
  if (gmm) {
    const components = Number(gmm[1]);
    if (components < 1 || components > 10) throw new BadValue('gmm must have from 1 to 10 components, as in gmm+n3k1');
    return { kind: 'gmm', name: word, components, sigmas: Number(gmm[2].replace('p', '.')) };
  }
  if (word.endsWith('+cleaned')) throw new BadValue('the +cleaned form is not offered yet; --min_object_voxels removes small objects');
  throw new BadValue('must be th<value> (th500), otsu+k<classes>i<index> (otsu+k3i2) or gmm+n<components>k<sigmas> (gmm+n3k1, gmm+n2k1p5)');
}

const filterMethods: Readonly<Record<string, EntityFilter['method']>> = {
  match: 'match', search: 'search', required: 'required', any: 'required', none: 'none', optional: 'optional',
};

/** Long entity names of upstream's filters and the BIDS keys they stand for. */
export const entityKeys: Readonly<Record<string, string>> = {
  subject: 'sub', session: 'ses', acquisition: 'acq', staining: 'stain',
};

/** `ENTITY[:METHOD][=VALUE]`: an entity by its name or BIDS key. `match` and `search` need a regular expression. */
export function parseFilter(word: string): EntityFilter {
  const match = /^([A-Za-z]+)(?::([A-Za-z]+))?(?:=(.*))?$/s.exec(word);
  if (match === null) throw new BadValue('must look like ENTITY=VALUE, ENTITY:METHOD or ENTITY:METHOD=VALUE, as in acquisition=4x');
  const entity = entityKeys[match[1].toLowerCase()] ?? match[1];
  const value = match[3];
  if (match[2] === undefined) {
    if (value === undefined) throw new BadValue(`must say which ${match[1]}: ${match[1]}=VALUE, or ${match[1]}:required, ${match[1]}:none, ${match[1]}:optional`);
    return { entity, method: 'equals', value };
  }
  const method = filterMethods[match[2].toLowerCase()];
  if (method === undefined) throw new BadValue(`has no method ${match[2]}; there are match, search, required, any, none and optional`);
  if (method !== 'match' && method !== 'search') {
    if (value !== undefined) throw new BadValue(`:${match[2]} takes no value`);
    return { entity, method };
  }
  if (value === undefined) throw new BadValue(`:${match[2]} needs a regular expression: ${match[1]}:${match[2]}=PATTERN`);
  try {
    new RegExp(value);
  } catch {
    throw new BadValue(`has ${JSON.stringify(value)}, which is not a regular expression`);
  }
  return { entity, method, value };
}

/** Three letters, one for each of left-right, front-back and up-down, in XYZ order; returned in capitals. */
export function parseOrientation(word: string): string {
  const letters = word.toUpperCase();
  const axes = [...letters].map((letter) => ['RL', 'AP', 'SI'].findIndex((pair) => pair.includes(letter)));
  if (letters.length !== 3 || axes.includes(-1) || new Set(axes).size !== 3) {
    throw new BadValue('must be three letters, one of R/L, one of A/P and one of S/I, as in RAS or LPI');
  }
  return letters;
}

/** A participant label with or without its `sub-`. */
export function parseLabel(word: string): string {
  const label = word.replace(/^sub-/, '');
  if (!/^[A-Za-z0-9+]+$/.test(label)) throw new BadValue('must be participant labels (letters and digits), as in 01 or sub-01');
  return label;
}

/** A place along an axis: a fraction from 0 to 1, or RAS millimetres with their unit. */
export function parsePosition(word: string): Position {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(mm)?$/.exec(word);
  const value = match === null ? NaN : Number(match[1]);
  if (match?.[2] === 'mm') return { kind: 'mm', value };
  if (!(value >= 0 && value <= 1)) throw new BadValue('must be a number from 0 to 1, or millimetres as in 3.2mm');
  return { kind: 'fraction', value };
}
