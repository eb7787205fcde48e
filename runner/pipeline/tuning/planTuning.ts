import { brainMaskTask } from '../correction/brainMask.ts';
import { describeImages } from '../plan/describeImages.ts';
import type { ParticipantPlanRequest } from '../plan/describeImages.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { importSpimTask } from '../import/importSpim.ts';
import { initAffineTask } from '../registration/initAffine.ts';
import { maskLevelTask } from '../correction/maskLevel.ts';
import { shownStains } from '../plan/planImage.ts';
import type { Plan } from '../plan/plan.types.ts';
import type { Task } from '../task.ts';
import { n4TuneTask } from './n4Tune.ts';
import { n4Settings, settingName } from './settings.ts';
import { tuneFigureTask } from './tuneFigure.ts';
import { tuneReportTask } from './tuneReport.ts';

/**
 * Turns a dataset and options into tasks that try settings of N4 on every stain. What comes before (import, alignment,
 * brain mask) are the tasks of a participant run: neither run does again what the other has done. Reads listings and
 * metadata only, no pixel.
 */
export async function planTuning(request: ParticipantPlanRequest): Promise<Plan> {
  const { plans, templateTasks, templates, notices, failures } = await describeImages(request);
  const tasks = plans.flatMap(tuneImage);
  const needed = new Set(tasks.flatMap(({ inputs }) => inputs.map(({ path }) => path)));
  const settings = n4Settings(request.options.sloppy);
  const sloppy = `With --sloppy only ${settings.length} settings are tried: ${settings.map(settingName).join('; ')}.`;
  return {
    // Atlases have no part in this.
    tasks: [...templateTasks.filter(({ outputs }) => outputs.some(({ path }) => needed.has(path))), ...tasks],
    templates,
    notices: [...notices, ...(request.options.sloppy ? [sloppy] : [])],
    failures,
  };
}

/** All tasks of one image, the reports last. */
function tuneImage(plan: ImagePlan): readonly Task[] {
  const { registrationLevel, correctionLevel, sloppy } = plan.options;
  const stains = shownStains(plan);
  const settings = n4Settings(sloppy);
  const sameLevel = correctionLevel === registrationLevel;
  return [
    ...(sameLevel ? [] : [importSpimTask(plan, plan.stainForReg, registrationLevel)]),
    ...stains.map((stain) => importSpimTask(plan, stain, correctionLevel)),
    initAffineTask(plan),
    brainMaskTask(plan, plan.stainForReg),
    ...(sameLevel ? [] : [maskLevelTask(plan, plan.stainForReg)]),
    ...stains.flatMap((stain) => settings.flatMap((setting) => [n4TuneTask(plan, stain, setting), tuneFigureTask(plan, stain, setting)])),
    ...stains.map((stain) => tuneReportTask(plan, stain, settings)),
  ];
}
