/** How well one label of two label images agrees. */
export interface LabelOverlap {
  readonly label: number;
  /** Dice coefficient, 0 to 1: twice the voxels in common over the sum of both. */
  readonly dice: number;
  /** Voxels with that label in the first and in the second image. */
  readonly voxels: readonly [number, number];
}

/** Dice coefficients of all labels but 0 that occur in either of two label images of the same grid, by ascending label. */
export function labelOverlaps(a: ArrayLike<number>, b: ArrayLike<number>): LabelOverlap[] {
  if (a.length !== b.length) throw new RangeError(`Label images of ${a.length} and ${b.length} voxels cannot be compared.`);
  const counts = new Map<number, [inA: number, inB: number, both: number]>();
  const of = (label: number): [number, number, number] => {
    let entry = counts.get(label);
    if (entry === undefined) counts.set(label, (entry = [0, 0, 0]));
    return entry;
  };
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== 0) {
      const entry = of(a[i]);
      entry[0]++;
      if (a[i] === b[i]) entry[2]++;
    }
    if (b[i] !== 0) of(b[i])[1]++;
  }
  return [...counts]
    .sort(([first], [second]) => first - second)
    .map(([label, [inA, inB, both]]) => ({ label, dice: (2 * both) / (inA + inB), voxels: [inA, inB] }));
}

/** Mean of the Dice coefficients of all labels; 1 when there are none. */
export function meanDice(overlaps: readonly LabelOverlap[]): number {
  if (overlaps.length === 0) return 1;
  return overlaps.reduce((sum, overlap) => sum + overlap.dice, 0) / overlaps.length;
}
