/** Edits (insert, delete, replace, swap of neighbours) between two words: the optimal string alignment distance. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, beforeLast[j - 2] + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}

/** The candidate closest to a word in spelling (case ignored, `_` as `-`), or undefined when none is close enough to be a slip. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const folded = (text: string): string => text.toLowerCase().replaceAll('_', '-');
  const wanted = folded(word);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.ceil(wanted.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const other = folded(candidate);
    const begun = wanted.length >= 4 && other.startsWith(wanted);
    const overlong = wanted.length >= 4 && wanted.startsWith(other);
    // Words are at least as far apart as their lengths.
    const edits = Math.abs(wanted.length - other.length) >= bestDistance ? Infinity : editDistance(wanted, other);
    const distance = Math.min(edits, begun ? 1 : overlong ? 2 : Infinity);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean X?` with its leading space, or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const match = nearest(word, candidates);
  return match === undefined ? '' : ` Did you mean ${match}?`;
}
