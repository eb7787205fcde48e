import { svgToPng } from '../../figures/render.ts';
import type { Provenance } from '../../protocol/options.ts';
import { columnNames } from '../../tables/table.ts';
import { tableSidecar } from '../../tables/sidecar.ts';
import { writeTsv } from '../../tables/tsv.ts';
import { paramsOf, writeBytes, writeJson } from '../io.ts';
import { sidecarOf } from '../paths.ts';
import { readTsvTable } from '../tableFiles.ts';
import { taskParams } from '../task.ts';
import type { Artifact, Stage, Task } from '../task.ts';
import type { Contrast } from './contrast.ts';
import { contrastHeatMap, descriptionHeatMap } from './groupHeatMap.ts';
import { contrastLabel, groupPaths } from './groupPaths.ts';
import type { Analysis } from './groupPaths.ts';
import { compareGroups, describeGroup, groupValues } from './groupStatistics.ts';

/** What the statistics of one atlas and method are made from. */
export interface GroupStatsRequest {
  readonly label: string;
  readonly analysis: Analysis;
  /** Undefined: all participants are described together. */
  readonly contrast: Contrast | undefined;
  readonly test: 'student' | 'welch';
  /** `sub-…` of the participants with a table, sorted. */
  readonly participants: readonly string[];
  readonly provenance: Provenance;
}

interface Params {
  readonly analysis: Analysis;
  readonly contrast?: Contrast;
  readonly test: 'student' | 'welch';
  readonly participants: readonly string[];
  readonly provenance: Provenance;
}

/** Label of a contrast in file names, or undefined without one. */
export function labelOf(contrast: Contrast | undefined): string | undefined {
  return contrast === undefined ? undefined : contrastLabel(contrast.column, contrast.values);
}

/** Compares two groups region by region, or describes all participants. */
export function groupStatsTask(request: GroupStatsRequest): Task {
  const { label, analysis, contrast, test, participants, provenance } = request;
  const paths = groupPaths(label, analysis, labelOf(contrast));
  const params: Params = { analysis, ...(contrast === undefined ? {} : { contrast }), test, participants, provenance };
  const place = (path: string): Artifact => ({ place: 'output', path });
  return {
    id: `group/${label}/groupstats/${labelOf(contrast) ?? 'all'}/${analysis.seg}/${analysis.template}/${analysis.method}`,
    stage: 'group-stats',
    scope: 'group',
    title: `group statistics (${analysis.seg}, ${analysis.method})`,
    params: taskParams(params),
    inputs: [place(paths.allSubjects())],
    outputs: [place(paths.groupStats('tsv')), place(sidecarOf(paths.groupStats('tsv'))), place(paths.groupStats('png'))],
    memoryBytes: 400e6,
    readBytes: 0,
  };
}

/** What the numbers of a contrast are, in words, for sidecars and reports. */
export function testDescription(test: 'student' | 'welch'): string {
  return test === 'student'
    ? 'Student\'s t test of two independent groups, equal variances assumed, two-sided; df = n1 + n2 - 2.'
    : 'Welch\'s t test of two independent groups, variances not assumed equal, two-sided; degrees of freedom after Satterthwaite.';
}

export const groupStatsStage: Stage = {
  name: 'group-stats',
  version: 1,
  async run(task, context) {
    const { analysis, contrast, test, participants, provenance } = paramsOf<Params>(task);
    const data = groupValues(await readTsvTable(context, task.inputs[0]));
    const table = contrast === undefined
      ? describeGroup(data, participants)
      : compareGroups(data, { names: contrast.values, participants: contrast.participants, test });
    context.signal.throwIfAborted();
    const sidecar = {
      ...tableSidecar(columnNames(table), provenance),
      ...(contrast === undefined ? { Participants: participants } : {
        Contrast: { Column: contrast.column, Values: contrast.values, Difference: `${contrast.values[0]} minus ${contrast.values[1]}`, Participants: { [contrast.values[0]]: contrast.participants[0], [contrast.values[1]]: contrast.participants[1] } },
        Test: testDescription(test),
        Correction: 'q values: false discovery rate of Benjamini and Hochberg over the regions of each metric; index 0 (outside the atlas) is not among them.',
      }),
    };
    const [tsv, json, png] = task.outputs;
    await writeJson(context, json, sidecar);
    const title = `Atlas ${analysis.seg}, ${analysis.method}`;
    const svg = contrast === undefined
      ? descriptionHeatMap(table, data, `${title}: means of ${participants.length} participants`)
      : contrastHeatMap(table, data, `${title}: ${contrast.values[0]} compared with ${contrast.values[1]} (${contrast.column})`);
    await writeBytes(context, png, await svgToPng(svg, data.regions.length > 200 ? 1 : 1.5));
    await writeBytes(context, tsv, writeTsv(table));
  },
};
