/** How well counts per region were recovered. */
export interface CountScore {
  readonly rows: readonly { readonly label: number; readonly found: number; readonly true: number }[];
  readonly found: number;
  readonly true: number;
  /** Σ |found − true| over regions, divided by Σ true: objects that were missed, invented or put into a wrong region. */
  readonly error: number;
}

/** Holds counts per label against the truth. Labels are those of either side, ascending; label 0 is counted too. */
export function scoreCounts(found: ReadonlyMap<number, number>, truth: ReadonlyMap<number, number>): CountScore {
  const labels = [...new Set([...found.keys(), ...truth.keys()])].sort((a, b) => a - b);
  const rows = labels.map((label) => ({ label, found: found.get(label) ?? 0, true: truth.get(label) ?? 0 }));
  const sum = (pick: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  const trueTotal = sum((row) => row.true);
  return { rows, found: sum((row) => row.found), true: trueTotal, error: sum((row) => Math.abs(row.found - row.true)) / Math.max(1, trueTotal) };
}

/** Overlap of two label images. */
export interface OverlapScore {
  /** 2 |A ∩ B| / (|A| + |B|) of the voxels of each label that is in either image. */
  readonly byLabel: ReadonlyMap<number, number>;
  /** Over all labels at once: 2 · (voxels with equal label, not 0) / (labelled voxels of both). */
  readonly overall: number;
}

/** Dice overlap of two label images on one grid. 0 is background. Throws a RangeError when the sizes differ. */
export function scoreOverlap(a: ArrayLike<number>, b: ArrayLike<number>): OverlapScore {
  if (a.length !== b.length) throw new RangeError('Label images on different grids cannot be compared.');
  const inA = new Map<number, number>(), inB = new Map<number, number>(), inBoth = new Map<number, number>();
  const add = (counts: Map<number, number>, label: number): void => { counts.set(label, (counts.get(label) ?? 0) + 1); };
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== 0) add(inA, a[i]);
    if (b[i] !== 0) add(inB, b[i]);
    if (a[i] !== 0 && a[i] === b[i]) add(inBoth, a[i]);
  }
  const labels = [...new Set([...inA.keys(), ...inB.keys()])].sort((x, y) => x - y);
  const total = (counts: ReadonlyMap<number, number>): number => [...counts.values()].reduce((sum, value) => sum + value, 0);
  return {
    byLabel: new Map(labels.map((label) => [label, (2 * (inBoth.get(label) ?? 0)) / ((inA.get(label) ?? 0) + (inB.get(label) ?? 0))])),
    overall: (2 * total(inBoth)) / Math.max(1, total(inA) + total(inB)),
  };
}
