import { bidsPath } from '../../bids/names.ts';

/** Names the files of one group analysis: an atlas, a template and a segmentation method (pipeline-spec §4). */
export interface GroupPaths {
  allSubjects(): string;
  /** Without a contrast: the description of all participants. */
  groupStats(extension: 'tsv' | 'png'): string;
}

/** One combination for which region tables were found. */
export interface Analysis {
  readonly seg: string;
  readonly template: string;
  readonly method: string;
}

/** Paths below the output folder. `contrast` is the file-safe label of {@link contrastLabel}. */
export function groupPaths(label: string, analysis: Analysis, contrast: string | undefined): GroupPaths {
  const file = (more: Readonly<Record<string, string | undefined>>, suffix: string, extension: string): string =>
    bidsPath({ root: `group/${label}`, entities: { seg: analysis.seg, from: analysis.template, ...more, desc: analysis.method }, suffix, extension });
  return {
    allSubjects: () => file({}, 'allsubjects', 'tsv'),
    groupStats: (extension) => file({ contrast }, 'groupstats', extension),
  };
}

/** Path of the report of a group run. */
export function groupReportPath(label: string): string {
  return `group/${label}/report.html`;
}

/**
 * `{factor}+{A}vs{B}` as it stands in file names: characters other than letters, digits, `+`, `_` and `-` become `-`. The
 * true values are in the sidecars.
 */
export function contrastLabel(column: string, values: readonly [string, string]): string {
  return `${column}+${values[0]}vs${values[1]}`.replace(/[^A-Za-z0-9+_-]/g, '-');
}
