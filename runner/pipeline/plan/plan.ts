import { participantOptions } from '../../command/build.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { ParticipantOptions } from '../../protocol/options.ts';
import { describeImages } from './describeImages.ts';
import type { ParticipantPlanRequest } from './describeImages.ts';
import type { ImagePlan } from './imagePlan.ts';
import { planImage } from './planImage.ts';
import type { Plan } from './plan.types.ts';
import { checkStains } from './stains.ts';

/**
 * Turns a dataset and options into tasks. Reads listings and metadata only, no pixel. A participant whose images cannot be
 * used becomes a failure of the plan, and the others are planned.
 */
export async function planParticipants(request: ParticipantPlanRequest): Promise<Plan> {
  checkOptions(request.options);
  const { plans, templateTasks, templates, notices, failures } = await describeImages(request);
  return {
    tasks: [...templateTasks, ...plans.flatMap(planImage)],
    templates,
    notices: [...notices, ...checkStains(plans.map(({ stains }) => stains), request.options, participantOptions(new Map())), ...stainNotices(plans), ...vesselNotices(plans)],
    failures,
  };
}

/** Options that cannot go together. */
function checkOptions(options: ParticipantOptions): void {
  if (options.correctionMethod === 'gaussian' && !options.noSegmentation && options.segHistBinWidth >= 1 && options.segMethod.some(({ kind }) => kind !== 'threshold')) {
    throw new SpimquantError('bad-option', `With --correction_method gaussian intensities lie around 1: a histogram with bins of ${options.segHistBinWidth} cannot tell them apart.`, {
      hint: 'Give a smaller --seg_hist_bin_width, for example 0.005, or use --correction_method n4.',
    });
  }
  if (options.registrationLevel < options.segmentationLevel) {
    throw new SpimquantError('bad-option', `--registration_level ${options.registrationLevel} is finer than --segmentation_level ${options.segmentationLevel}.`, {
      hint: 'Maps and atlas are made at the registration level, which must be as coarse as the segmentation level or coarser.',
    });
  }
}

/** Differences between participants that a group comparison will feel. */
function stainNotices(plans: readonly ImagePlan[]): readonly string[] {
  const sets = new Map<string, string[]>();
  for (const plan of plans) {
    const key = plan.stainsForSeg.join(', ');
    const who = sets.get(key) ?? [];
    if (!who.includes(plan.participant)) sets.set(key, [...who, plan.participant]);
  }
  const notices = sets.size < 2 ? [] : [`Participants differ in the stains to segment: ${[...sets].map(([stains, who]) => `${stains || 'none'} (${who.join(', ')})`).join('; ')}.`];
  return sets.has('') && plans.some((plan) => !plan.options.noSegmentation) ? [...notices, 'Nothing is segmented where no stain of --stains_for_seg is present.'] : notices;
}

/** Vessels are found by a neural network, which the embedded engine does not run (pipeline-spec §3.10). */
function vesselNotices(plans: readonly ImagePlan[]): readonly string[] {
  const present = new Set(plans.flatMap(({ stains, options }) => (options.noVessels ? [] : options.stainsForVessels.filter((stain) => stains.includes(stain)).slice(0, 1))));
  return [...present].map((stain) => `Vessels (${stain}) are not segmented: that needs the vesselFM network of the Python SPIMquant. Everything else is done; --no_vessels leaves this note out.`);
}
