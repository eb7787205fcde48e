import type { EntityFilter, LookOptions } from '../protocol/options.ts';

/** The flags by which a command that leads on looks at the same image; the stain is left to it. */
export function sameLook(look: LookOptions): readonly string[] {
  return [
    ...(look.participant === undefined ? [] : ['--participant-label', look.participant]),
    ...imageFlags(look),
    ...(look.level === undefined ? [] : ['--level', String(look.level)]),
  ];
}

/** The flags that say which image of a participant, and how it is to be read. */
export function imageFlags(look: LookOptions): readonly string[] {
  return [
    ...(look.filterSpim.length === 0 ? [] : ['--filter-spim', ...look.filterSpim.map(filterWord)]),
    ...(look.sampleStaining.length === 0 ? [] : ['--sample_staining', ...look.sampleStaining]),
    ...(look.orientation === undefined ? [] : ['--orientation', look.orientation]),
  ];
}

function filterWord({ entity, method, value }: EntityFilter): string {
  if (method === 'equals') return `${entity}=${value ?? ''}`;
  return `${entity}:${method}${value === undefined ? '' : `=${value}`}`;
}
