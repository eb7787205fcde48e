import { prepare } from '../../engine/prepare.ts';
import { markerKey } from '../../engine/outputFolder.ts';
import { openPlaces } from '../../engine/places.ts';
import type { Places } from '../../engine/places.ts';
import { loadStage } from '../../pipeline/stages.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { LevelCommand } from '../../protocol/options.ts';
import type { StorageChoice } from '../../protocol/storageChoice.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import { isRemote, normaliseUri, expandHome } from '../../storage/uri.ts';
import type { Planner } from '../local.ts';

/** A run over participants, which alone are given to machines. */
export type CohortCommand = Exclude<LevelCommand, { verb: 'group' }>;

/** Participants for which it is found out here what is left to do; more are asked of the machines. */
const mostPlanned = 200;
/** Participants planned at a time: a plan holds some hundred steps for each. */
const plannedAtOnce = 20;

/**
 * What machines carry out: places as addresses, buckets reached by what the machines have themselves. Throws `bad-option` for what they could not reach.
 */
export function machineCommand(command: CohortCommand, places: Pick<Places, 'dataset' | 'output'>): CohortCommand {
  const { templateDir } = command.options;
  const folder = templateDir === undefined ? undefined : normaliseUri(expandHome(templateDir));
  if (folder !== undefined && !isRemote(folder)) {
    throw new SpimquantError('bad-option', `Machines cannot read the template from a folder of this one: ${folder}`, { where: folder, hint: 'Copy it to a bucket ("spimquant sync"), and give that address.' });
  }
  const { execution } = command;
  return {
    ...command, bids: places.dataset.uri, output: places.output.uri,
    options: folder === undefined ? command.options : { ...command.options, templateDir: folder },
    execution: { ...execution, cloud: undefined, workDir: undefined, memoryBytes: undefined, dryRun: false, json: false, quiet: false, unlock: false, ...(execution.pauseLimitMs === Infinity ? { pauseLimitMs: undefined } : {}) },
    storage: reachableStorage(command.storage),
  };
}

/** How machines reach the buckets: profiles and files of this machine mean nothing there. */
function reachableStorage(storage: StorageChoice): StorageChoice {
  return { ...storage, awsProfile: undefined, gcsCredentials: undefined };
}

/** What finding out needs. */
export interface RemainingRequest {
  readonly command: CohortCommand;
  readonly participants: readonly string[];
  readonly places: Places;
  readonly planner: Planner;
  readonly signal: AbortSignal;
}

/**
 * Those participants of which anything is left to do, by the plan and the receipts in the output. Of a new output, and of
 * large cohorts, all: their machines find out. Participants whose images cannot be used are left to them too.
 */
export async function remainingParticipants({ command, participants, places, planner, signal }: RemainingRequest): Promise<readonly string[]> {
  const store = openPlaces(places);
  const output: ObjectStore = store('output');
  // What Snakemake would do is known to it alone: machines find out.
  if (command.execution.external !== undefined || command.execution.forceAll || participants.length > mostPlanned || (await output.stat(markerKey, { signal })) === undefined) return participants;
  const left = new Set<string>();
  for (let at = 0; at < participants.length; at += plannedAtOnce) {
    const part = participants.slice(at, at + plannedAtOnce);
    const own: CohortCommand = { ...command, options: { ...command.options, participantLabel: part, excludeParticipantLabel: [] } };
    const plan = await planner({ command: own, dataset: store('dataset'), output, signal });
    const planned = { ...places, templates: { ...places.templates, uri: plan.templates ?? '' } };
    const { decision, graph } = await prepare({ tasks: plan.tasks, store: openPlaces(planned), loadStage, forceAll: false, signal });
    for (const id of decision.run.keys()) {
      const scope = graph.byId.get(id)?.scope;
      // Without the template nobody can work.
      if (scope === 'template') for (const label of part) left.add(label);
      else if (scope !== undefined) left.add(scope);
    }
    for (const { participant } of plan.failures) left.add(participant);
  }
  return participants.filter((label) => left.has(label));
}
