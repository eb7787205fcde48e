import { parseParticipants } from '../../bids/participants.ts';
import type { ParticipantsTable } from '../../bids/participants.ts';
import type { Provenance } from '../../protocol/options.ts';
import { concatRows } from '../../tables/combine.ts';
import { columnNames, rowCount, tableOf, texts } from '../../tables/table.ts';
import type { Column, Table } from '../../tables/table.ts';
import { paramsOf, readBytes } from '../io.ts';
import { sidecarOf } from '../paths.ts';
import { readTsvTable, writeTsvTable } from '../tableFiles.ts';
import { taskParams } from '../task.ts';
import type { Artifact, Stage, Task } from '../task.ts';
import { groupPaths } from './groupPaths.ts';
import type { Analysis } from './groupPaths.ts';

interface Params {
  /** `sub-…` of each region table, in the order of the inputs. */
  readonly participants: readonly string[];
  readonly provenance: Provenance;
}

/** A region table of one image of a participant. */
export interface SubjectTable extends Analysis {
  /** `sub-…`. */
  readonly participant: string;
  readonly path: string;
}

/** Puts the region tables of all participants together, with their rows of participants.tsv when there is one. */
export function allSubjectsTask(label: string, analysis: Analysis, tables: readonly SubjectTable[], hasParticipants: boolean, provenance: Provenance): Task {
  const output = groupPaths(label, analysis, undefined).allSubjects();
  const params: Params = { participants: tables.map((table) => table.participant), provenance };
  return {
    id: `group/${label}/allsubjects/${analysis.seg}/${analysis.template}/${analysis.method}`,
    stage: 'group-allsubjects',
    scope: 'group',
    title: `tables of all participants (${analysis.seg}, ${analysis.method})`,
    params: taskParams(params),
    inputs: [...tables.map(({ path }): Artifact => ({ place: 'output', path })), ...(hasParticipants ? [{ place: 'dataset', path: 'participants.tsv' } as const] : [])],
    outputs: [{ place: 'output', path: output }, { place: 'output', path: sidecarOf(output) }],
    memoryBytes: 100e6 + tables.length * 3e6,
    readBytes: 0,
  };
}

/**
 * Rows of all tables one after the other, then participant_id, then the columns of participants.tsv (empty for
 * participants without a row). A column of participants.tsv whose name is taken gets the suffix `_participants`.
 */
export function joinSubjects(tables: readonly { readonly participant: string; readonly table: Table }[], participants: ParticipantsTable | undefined): Table {
  const rows = concatRows(tables.map(({ table }) => table));
  const ids = tables.flatMap(({ participant, table }) => new Array<string>(rowCount(table)).fill(participant));
  const taken = new Set([...columnNames(rows), 'participant_id']);
  const more = (participants?.columns ?? []).map((name): Column =>
    texts(taken.has(name) ? `${name}_participants` : name, ids.map((id) => participants?.rows.get(id.replace(/^sub-/, ''))?.[name] ?? '')));
  return tableOf([...rows.columns, texts('participant_id', ids), ...more]);
}

export const allSubjectsStage: Stage = {
  name: 'group-allsubjects',
  version: 1,
  async run(task, context) {
    const params = paramsOf<Params>(task);
    const tables: { participant: string; table: Table }[] = [];
    for (const [i, participant] of params.participants.entries()) {
      context.signal.throwIfAborted();
      tables.push({ participant, table: await readTsvTable(context, task.inputs[i]) });
      context.progress({ done: i + 1, total: params.participants.length, unit: 'items' });
    }
    const file = task.inputs.find((input) => input.place === 'dataset');
    const participants = file === undefined ? undefined : parseParticipants(await readBytes(context, file), `${context.store('dataset').uri}/${file.path}`);
    await writeTsvTable(context, task.outputs[0], joinSubjects(tables, participants), params.provenance);
  },
};
