/** One setting of N4 that is tried. */
export interface N4Setting {
  /** Length of the spline's pieces on the first of four levels, mm: `--correction_n4_spline_spacing`. */
  readonly spacing: number;
  /** Iterations on each level: `--correction_n4_iters`. */
  readonly iterations: number;
}

/** Upstream's grid (pipeline-spec §3.3). */
const whole = { spacings: [1, 2, 3, 4, 5], iterations: [50, 100, 200] } as const;
/** With `--sloppy`: one step from fine to coarse. */
const sloppy = { spacings: [1, 3, 5], iterations: [50] } as const;

/** The settings that are tried, by spacing and then by iterations. */
export function n4Settings(isSloppy: boolean): readonly N4Setting[] {
  const grid = isSloppy ? sloppy : whole;
  return grid.spacings.flatMap((spacing) => grid.iterations.map((iterations) => ({ spacing, iterations })));
}

/** The setting as file names have it: `Spline2Iters200`. */
export function settingLabel({ spacing, iterations }: N4Setting): string {
  return `Spline${spacing}Iters${iterations}`;
}

/** The flags by which a participant run uses the setting. */
export function settingFlags({ spacing, iterations }: N4Setting): readonly string[] {
  return [`--correction_n4_spline_spacing ${spacing}`, `--correction_n4_iters ${iterations}`];
}

/** The setting for people: `2 mm, 200 iterations`. */
export function settingName({ spacing, iterations }: N4Setting): string {
  return `${spacing} mm, ${iterations} iterations`;
}
