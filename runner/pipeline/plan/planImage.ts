import { atlasObjectsTask } from '../statistics/atlasObjects.ts';
import { atlasStatisticsTask } from '../statistics/atlasStatistics.ts';
import { biasGaussianTask } from '../correction/biasGaussian.ts';
import { biasQuantificationTask } from '../correction/biasQuantification.ts';
import { biasRegistrationTask } from '../correction/biasRegistration.ts';
import { brainMaskTask } from '../correction/brainMask.ts';
import { colocalisationTask } from '../statistics/colocalisation.ts';
import { composeTransformsTask } from '../registration/composeTransforms.ts';
import { colocCountMapTask, countMapTasks } from '../statistics/countMaps.ts';
import { featureMapsTask } from '../statistics/featureMaps.ts';
import { fieldFractionTask } from '../segmentation/fieldFraction.ts';
import type { ImagePlan } from './imagePlan.ts';
import { importSpimTask } from '../import/importSpim.ts';
import { initAffineTask } from '../registration/initAffine.ts';
import { intensityHistogramTasks } from '../segmentation/intensityHistogram.ts';
import { intensityRangeTask } from '../segmentation/intensityRange.ts';
import { maskLevelTask } from '../correction/maskLevel.ts';
import { maskStoreTask } from '../segmentation/maskStore.ts';
import { objectsTask } from '../segmentation/objects.ts';
import { qcTasks } from '../qc/qcTasks.ts';
import { regionPropsTask } from '../statistics/regionProps.ts';
import { registerAffineTask } from '../registration/registerAffine.ts';
import { registerDeformableTask } from '../registration/registerDeformable.ts';
import { reportTask } from '../report/report.ts';
import { segmentTasks } from '../segmentation/segment.ts';
import type { Task } from '../task.ts';
import { needsHistogram, thresholdTask } from '../segmentation/threshold.ts';
import { warpAtlasTask } from '../registration/warpAtlas.ts';
import { warpFieldFractionTask } from '../registration/warpFieldFraction.ts';
import { warpSpimTask } from '../registration/warpSpim.ts';

/** All tasks of one image, those of its report last. */
export function planImage(plan: ImagePlan): readonly Task[] {
  const tasks = [...imports(plan), ...registration(plan), ...plan.stainsForSeg.flatMap((stain) => segmentation(plan, stain)), ...statistics(plan)];
  const figures = qcTasks(plan);
  return [...tasks, ...figures, reportTask(plan, [...tasks, ...figures])];
}

/** Stains that are exported, registered or segmented: all channels but those left out. */
export function shownStains(plan: ImagePlan): readonly string[] {
  return plan.stains.filter((stain) => !plan.options.ignoreStains.includes(stain));
}

/** Channels as NIfTI images at the levels that later steps work at. */
function imports(plan: ImagePlan): readonly Task[] {
  const { registrationLevel, correctionLevel } = plan.options;
  const atRegistration = shownStains(plan).map((stain) => importSpimTask(plan, stain, registrationLevel));
  const atCorrection = correctionLevel === registrationLevel ? [] : plan.stainsForSeg.map((stain) => importSpimTask(plan, stain, correctionLevel));
  return [...atRegistration, ...atCorrection];
}

/** From the brain mask to images and atlases in each other's space. */
function registration(plan: ImagePlan): readonly Task[] {
  const { stainForReg } = plan;
  return [
    initAffineTask(plan),
    brainMaskTask(plan, stainForReg),
    biasRegistrationTask(plan, stainForReg),
    registerAffineTask(plan),
    registerDeformableTask(plan),
    composeTransformsTask(plan),
    ...shownStains(plan).map((stain) => warpSpimTask(plan, stain)),
    ...plan.template.segs.map((seg) => warpAtlasTask(plan, seg)),
    ...(plan.stainsForSeg.length > 0 && plan.options.correctionMethod === 'n4' && plan.options.correctionLevel !== plan.options.registrationLevel ? [maskLevelTask(plan, stainForReg)] : []),
  ];
}

/** From a stain's intensities to its mask, objects and maps, by every method. */
function segmentation(plan: ImagePlan, stain: string): readonly Task[] {
  const methods = plan.options.segMethod;
  return [
    plan.options.correctionMethod === 'n4' ? biasQuantificationTask(plan, stain) : biasGaussianTask(plan, stain),
    ...(methods.some(needsHistogram) ? [intensityRangeTask(plan, stain), ...intensityHistogramTasks(plan, stain)] : []),
    ...methods.flatMap((method) => [
      thresholdTask(plan, stain, method),
      ...segmentTasks(plan, stain, method),
      maskStoreTask(plan, stain, method.name),
      objectsTask(plan, stain, method.name),
      fieldFractionTask(plan, stain, method.name),
      warpFieldFractionTask(plan, stain, method.name),
    ]),
  ];
}

/** Tables and maps of all stains together, by every method. */
function statistics(plan: ImagePlan): readonly Task[] {
  const { stainsForSeg } = plan;
  if (stainsForSeg.length === 0) return [];
  const coloc = stainsForSeg.length > 1;
  return plan.options.segMethod.flatMap(({ name: method }) => [
    regionPropsTask(plan, method),
    ...stainsForSeg.flatMap((stain) => countMapTasks(plan, stain, method)),
    ...(coloc ? [colocalisationTask(plan, method), colocCountMapTask(plan, method)] : []),
    ...plan.template.segs.flatMap((seg) => [
      ...stainsForSeg.map((stain) => atlasObjectsTask(plan, stain, seg, method)),
      atlasStatisticsTask(plan, seg, method),
      featureMapsTask(plan, seg, method),
    ]),
  ]);
}
