import type { Stage } from './task.ts';

/** Every stage by name, loaded on first use: a worker thread pays only for the stages it runs. */
const loaders: Readonly<Record<string, () => Promise<Stage>>> = {
  'qc-histogram': async () => (await import('./qc/histogram.ts')).histogramFigureStage,
  'qc-segslices': async () => (await import('./qc/segSlices.ts')).segSlicesStage,
  'qc-zprofile': async () => (await import('./qc/zProfile.ts')).zProfileStage,
  'qc-objectstats': async () => (await import('./qc/objectStats.ts')).objectStatsStage,
  'qc-roisummary': async () => (await import('./qc/roiSummary.ts')).roiSummaryStage,
  'qc-roimontage': async () => (await import('./qc/roiMontage.ts')).roiMontageStage,
  'qc-registration': async () => (await import('./qc/registration.ts')).registrationFigureStage,
};

export const stageNames: readonly string[] = Object.keys(loaders);

/** The stage of that name. Throws a RangeError for a name that does not exist: a defect of the plan. */
export async function loadStage(name: string): Promise<Stage> {
  const load = loaders[name];
  if (load === undefined) throw new RangeError(`There is no stage called ${name}.`);
  return load();
}
