import type { LevelCommand } from '../../protocol/options.ts';

/** What a call of the installed SPIMquant is for. */
export interface Call {
  /** Local folders, absolute. */
  readonly dataset: string;
  readonly output: string;
  /** Of temporary files; undefined: where upstream has them. */
  readonly work?: string;
  readonly purpose: 'run' | 'plan' | 'unlock';
  /** Files were fetched: their times tell when, and not in which order they were made. */
  readonly fetched: boolean;
}

/** The words of a call, the program first. Pure. */
export function callWords({ verb, options, execution }: LevelCommand, { dataset, output, work, purpose, fetched }: Call): readonly string[] {
  const { external } = execution;
  if (external === undefined) throw new Error('This run has no external engine.');
  const { cores, memoryBytes, forceAll, keepWork } = execution;
  const labels = (flag: string, list: readonly string[]): readonly string[] => (list.length === 0 ? [] : [flag, ...list]);
  return [
    ...external.program, dataset, output, verb, ...external.targets,
    ...withResources(external.flags, memoryBytes),
    ...labels('--participant-label', options.participantLabel), ...labels('--exclude-participant-label', options.excludeParticipantLabel),
    ...(work === undefined ? [] : ['--work_dir', work]),
    // Other executors count jobs, and not cores of this machine.
    ...(external.flags.some((word) => /^(--executor|-e)(=|$)/.test(word)) ? ['--jobs', cores === 'all' ? 'unlimited' : String(cores)] : ['--cores', String(cores)]),
    // What was being written when a run was ended is done again: Snakemake refuses to go on otherwise.
    ...(external.flags.includes('--rerun-incomplete') ? [] : ['--rerun-incomplete']),
    ...(fetched && !external.flags.includes('--rerun-triggers') ? ['--rerun-triggers', 'params'] : []),
    ...(forceAll ? ['--forceall'] : []), ...(keepWork ? ['--notemp'] : []),
    // Whether the output may be written into is found out before; its lock, which is there by now, would count as something foreign.
    '--force-output',
    ...(purpose === 'plan' && !external.asks ? ['--dry-run'] : purpose === 'unlock' ? ['--unlock'] : []),
  ];
}

/** Snakemake's flags with the memory, in megabytes, among the resources that they limit. */
function withResources(flags: readonly string[], memoryBytes: number | undefined): readonly string[] {
  if (memoryBytes === undefined) return flags;
  const memory = `mem_mb=${Math.max(1, Math.floor(memoryBytes / 1e6))}`;
  const at = flags.findIndex((word) => word === '--resources' || word === '--res');
  return at < 0 ? [...flags, '--resources', memory] : [...flags.slice(0, at + 1), memory, ...flags.slice(at + 1)];
}
