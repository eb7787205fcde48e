import { mergedConfiguration } from '../../runner/command/build.ts';
import { joinWords } from '../../runner/command/shell.ts';
import type { CloudOptions } from '../../runner/protocol/cloud.ts';
import type { Command, LevelCommand } from '../../runner/protocol/options.ts';
import { storageFlags } from '../../runner/protocol/storageChoice.ts';

/** A run over participants on cloud machines. */
export interface CloudCommand {
  readonly command: Extract<LevelCommand, { verb: 'participant' | 'tune_n4' }>;
  readonly cloud: CloudOptions;
}

/** What a command starts on cloud machines; undefined: nothing. */
export function cloudCommandOf(command: Command): CloudCommand | undefined {
  if (command.verb !== 'participant' && command.verb !== 'tune_n4') return undefined;
  const { cloud, dryRun, unlock } = command.execution;
  return cloud === undefined || dryRun || unlock ? undefined : { command, cloud };
}

/** The exploring command that tells what a run would cost, as one line. */
export function costLine({ command, cloud }: CloudCommand): string {
  const { participantLabel, excludeParticipantLabel } = command.options;
  const filters = mergedConfiguration(command)['filter_spim'];
  const several = (flag: string, words: readonly string[]): readonly string[] => (words.length === 0 ? [] : [flag, ...words]);
  const one = (flag: string, value: string | number | undefined): readonly string[] => (value === undefined ? [] : [flag, String(value)]);
  return joinWords([
    'spimquant', 'cost', command.bids,
    ...several('--participant-label', participantLabel), ...several('--exclude-participant-label', excludeParticipantLabel),
    ...several('--filter-spim', Array.isArray(filters) ? filters.map(String) : []),
    ...several('--cloud_vm_type', cloud.vmTypes), ...one('--cloud_cpu', cloud.cpu), ...one('--cloud_memory', cloud.memoryBytes),
    ...one('--cloud_region', cloud.region), ...one('--cloud_spot', cloud.spot), ...one('--cloud_disk', `${cloud.diskGigabytes}GB`), ...one('--cloud_workers', cloud.workers),
    ...one('--cloud_workspace', cloud.workspace), ...one('--cloud_price', cloud.dollarsPerHour),
    ...storageFlags(command.storage),
  ]);
}
