/** A source of uniform numbers in [0, 1): the same seed gives the same numbers on every machine. */
export type Random = () => number;

/** 32-bit integer hash with full avalanche (the finaliser of MurmurHash3, which is in the public domain). */
export function hash32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A seed made of several numbers or words, so that each part of a phantom has its own stream. */
export function seedOf(...parts: readonly (number | string)[]): number {
  let seed = 0x9e3779b9;
  for (const part of parts) {
    if (typeof part === 'number') {
      seed = hash32(Math.imul(seed, 31) + part);
    } else {
      for (let i = 0; i < part.length; i++) seed = hash32(Math.imul(seed, 31) + part.charCodeAt(i));
    }
  }
  return seed >>> 0;
}

/** A counter hashed twice: period 2^32, ample for placing objects and drawing parameters. */
export function seededRandom(seed: number): Random {
  let counter = seed | 0;
  const key = hash32(seed ^ 0x5bd1e995);
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    return hash32(hash32(counter) ^ key) / 4294967296;
  };
}

/** Uniform number in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

const noiseBits = 16;
/** One less than the length of {@link noiseTable}'s result, to wrap an index with `&`. */
export const noiseMask = 2 ** noiseBits - 1;

/**
 * Values of zero mean and unit variance, close to normal (sum of twelve uniforms), to be read cyclically from an offset
 * that is hashed per row: cheap enough to add noise to gigabytes on the fly.
 */
export function noiseTable(seed: number): Float32Array {
  const random = seededRandom(seed);
  const table = new Float32Array(2 ** noiseBits);
  for (let i = 0; i < table.length; i++) {
    let sum = -6;
    for (let k = 0; k < 12; k++) sum += random();
    table[i] = sum;
  }
  return table;
}
