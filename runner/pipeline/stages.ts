import type { Stage } from './task.ts';

/** Every stage by name, loaded on first use: a worker thread pays only for the stages it runs. */
const loaders: Readonly<Record<string, () => Promise<Stage>>> = {
  'init-affine': async () => (await import('./registration/initAffine.ts')).initAffineStage,
  'register-affine': async () => (await import('./registration/registerAffine.ts')).registerAffineStage,
  'register-deformable': async () => (await import('./registration/registerDeformable.ts')).registerDeformableStage,
  'compose-transforms': async () => (await import('./registration/composeTransforms.ts')).composeTransformsStage,
  'warp-spim': async () => (await import('./registration/warpSpim.ts')).warpSpimStage,
  'warp-atlas': async () => (await import('./registration/warpAtlas.ts')).warpAtlasStage,
  'warp-field-fraction': async () => (await import('./registration/warpFieldFraction.ts')).warpFieldFractionStage,
  'import-spim': async () => (await import('./import/importSpim.ts')).importSpimStage,
  'import-template': async () => (await import('./import/importTemplate.ts')).importTemplateStage,
  'brain-mask': async () => (await import('./correction/brainMask.ts')).brainMaskStage,
  'mask-level': async () => (await import('./correction/maskLevel.ts')).maskLevelStage,
  'bias-registration': async () => (await import('./correction/biasRegistration.ts')).biasRegistrationStage,
  'bias-quantification': async () => (await import('./correction/biasQuantification.ts')).biasQuantificationStage,
  'bias-gaussian': async () => (await import('./correction/biasGaussian.ts')).biasGaussianStage,
  'intensity-range': async () => (await import('./segmentation/intensityRange.ts')).intensityRangeStage,
  'histogram': async () => (await import('./segmentation/intensityHistogram.ts')).intensityHistogramStage,
  'threshold': async () => (await import('./segmentation/threshold.ts')).thresholdStage,
  'segment': async () => (await import('./segmentation/segment.ts')).segmentStage,
  'mask-store': async () => (await import('./segmentation/maskStore.ts')).maskStoreStage,
  'objects': async () => (await import('./segmentation/objects.ts')).objectsStage,
  'field-fraction': async () => (await import('./segmentation/fieldFraction.ts')).fieldFractionStage,
  'regionprops': async () => (await import('./statistics/regionProps.ts')).regionPropsStage,
  'coloc': async () => (await import('./statistics/colocalisation.ts')).colocalisationStage,
  'counts': async () => (await import('./statistics/countMaps.ts')).countMapStage,
  'regionpropstats': async () => (await import('./statistics/atlasObjects.ts')).atlasObjectsStage,
  'mergedsegstats': async () => (await import('./statistics/atlasStatistics.ts')).atlasStatisticsStage,
  'featuremaps': async () => (await import('./statistics/featureMaps.ts')).featureMapsStage,
  'tune-n4': async () => (await import('./tuning/n4Tune.ts')).n4TuneStage,
  'tune-n4-figure': async () => (await import('./tuning/tuneFigure.ts')).tuneFigureStage,
  'tune-n4-report': async () => (await import('./tuning/tuneReport.ts')).tuneReportStage,
  'group-allsubjects': async () => (await import('./group/allSubjects.ts')).allSubjectsStage,
  'group-stats': async () => (await import('./group/groupStats.ts')).groupStatsStage,
  'group-report': async () => (await import('./group/groupReport.ts')).groupReportStage,
  report: async () => (await import('./report/report.ts')).reportStage,
  'qc-histogram': async () => (await import('./qc/histogram.ts')).histogramFigureStage,
  'qc-segslices': async () => (await import('./qc/segSlices.ts')).segSlicesStage,
  'qc-zprofile': async () => (await import('./qc/zProfile.ts')).zProfileStage,
  'qc-objectstats': async () => (await import('./qc/objectStats.ts')).objectStatsStage,
  'qc-roisummary': async () => (await import('./qc/roiSummary.ts')).roiSummaryStage,
  'qc-roimontage': async () => (await import('./qc/roiMontage.ts')).roiMontageStage,
  'qc-registration': async () => (await import('./qc/registration.ts')).registrationFigureStage,
};

/** The stage of that name. Throws a RangeError for a name that does not exist: a defect of the plan. */
export async function loadStage(name: string): Promise<Stage> {
  const load = loaders[name];
  if (load === undefined) throw new RangeError(`There is no stage called ${name}.`);
  return load();
}
