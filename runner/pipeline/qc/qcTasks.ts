import type { ImagePlan } from '../plan/imagePlan.ts';
import type { Task } from '../task.ts';
import { histogramFigureTask } from './histogram.ts';
import { objectStatsTask } from './objectStats.ts';
import { registrationFigureTask } from './registration.ts';
import { roiMontageTask } from './roiMontage.ts';
import { roiSummaryTask } from './roiSummary.ts';
import { segSlicesTask } from './segSlices.ts';
import { zProfileTask } from './zProfile.ts';

/** All figures of one image. */
export function qcTasks(plan: ImagePlan): readonly Task[] {
  const shown = plan.stains.filter((stain) => !plan.options.ignoreStains.includes(stain));
  const methods = plan.stainsForSeg.length === 0 ? [] : plan.options.segMethod.map(({ name }) => name);
  const { segs } = plan.template;
  return [
    ...shown.map((stain) => histogramFigureTask(plan, stain)),
    registrationFigureTask(plan),
    ...methods.flatMap((method) => [
      ...plan.stainsForSeg.flatMap((stain) => [
        segSlicesTask(plan, stain, method),
        zProfileTask(plan, stain, method),
        objectStatsTask(plan, stain, method),
        ...segs.flatMap((seg) => [roiMontageTask(plan, stain, seg, method), roiMontageTask(plan, stain, seg, method, false)]),
      ]),
      ...segs.map((seg) => roiSummaryTask(plan, seg, method)),
    ]),
  ];
}
