import { planGroup } from '../pipeline/group/planGroup.ts';
import { planParticipants } from '../pipeline/plan/plan.ts';
import { provenanceOf } from '../pipeline/plan/provenance.ts';
import { planTuning } from '../pipeline/tuning/planTuning.ts';
import type { Planner } from './local.ts';

/** Plans commands with SPIMquant's pipeline. */
export const pipelinePlanner: Planner = ({ command, dataset, output, signal }) => {
  if (command.verb === 'group') return planGroup({ dataset, output, options: command.options, signal, provenance: provenanceOf(command.options) });
  const request = { dataset, options: command.options, storage: { ...command.storage, anonymous: false, requesterPays: false }, signal };
  return command.verb === 'participant' ? planParticipants(request) : planTuning(request);
};
