import type { TaskRow } from '../../runner/protocol/runView.ts';
import type { TaskStatus } from '../../runner/protocol/runState.ts';
import { statusOf, taskFraction } from './taskTable.ts';

/** A stage in the graph, of one participant or of all. */
export interface StageNode {
  readonly stage: string;
  readonly tasks: readonly TaskRow[];
  readonly status: TaskStatus;
  /** 0 to 1. */
  readonly fraction: number;
  /** Line of the graph, 0 at the top: below everything that it needs. */
  readonly layer: number;
}

/** Stages and which of them need which, without those connections that others imply. */
export interface StageGraph {
  /** In the order of the plan. */
  readonly nodes: readonly StageNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** Whether anything is known of what needs what: older runs and those of the cloud do not say. */
export function hasConnections(tasks: Iterable<TaskRow>): boolean {
  for (const { after } of tasks) if (after !== undefined && after.length > 0) return true;
  return false;
}

/** The stages of some tasks, connected as the tasks are. Connections to tasks that are not among them are left out. */
export function stageGraph(tasks: readonly TaskRow[]): StageGraph {
  const byStage = new Map<string, TaskRow[]>();
  const stageOf = new Map(tasks.map(({ id, stage }) => [id, stage]));
  const needs = new Map<string, Set<string>>();
  for (const task of tasks) {
    const of = byStage.get(task.stage);
    if (of === undefined) byStage.set(task.stage, [task]);
    else of.push(task);
    const before = needs.get(task.stage) ?? new Set<string>();
    for (const id of task.after ?? []) {
      const stage = stageOf.get(id);
      if (stage !== undefined && stage !== task.stage) before.add(stage);
    }
    needs.set(task.stage, before);
  }
  breakCircles(needs);
  const layers = layersOf(needs);
  const nodes = [...byStage].map(([stage, of]): StageNode => ({
    stage, tasks: of, status: statusOf(of), fraction: of.reduce((sum, task) => sum + taskFraction(task), 0) / of.length, layer: layers.get(stage) ?? 0,
  }));
  return { nodes, edges: withoutImplied(needs) };
}

/** A stage that occurs twice in one chain of tasks would need itself: the connection that closes the circle is dropped. */
function breakCircles(needs: ReadonlyMap<string, Set<string>>): void {
  const state = new Map<string, 'open' | 'done'>();
  const visit = (stage: string): void => {
    state.set(stage, 'open');
    const before = needs.get(stage) ?? new Set();
    for (const other of [...before]) {
      if (state.get(other) === 'open') before.delete(other);
      else if (state.get(other) === undefined) visit(other);
    }
    state.set(stage, 'done');
  };
  for (const stage of needs.keys()) if (state.get(stage) === undefined) visit(stage);
}

/** The longest way from a stage that needs nothing. */
function layersOf(needs: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyMap<string, number> {
  const layers = new Map<string, number>();
  const layer = (stage: string): number => {
    const known = layers.get(stage);
    if (known !== undefined) return known;
    const found = Math.max(-1, ...[...needs.get(stage) ?? []].map(layer)) + 1;
    layers.set(stage, found);
    return found;
  };
  for (const stage of needs.keys()) layer(stage);
  return layers;
}

/** A connection beside a longer way between the same two tells nothing new. */
function withoutImplied(needs: ReadonlyMap<string, ReadonlySet<string>>): StageGraph['edges'] {
  const ancestors = new Map<string, ReadonlySet<string>>();
  const all = (stage: string): ReadonlySet<string> => {
    const known = ancestors.get(stage);
    if (known !== undefined) return known;
    const found = new Set<string>();
    for (const other of needs.get(stage) ?? []) {
      found.add(other);
      for (const further of all(other)) found.add(further);
    }
    ancestors.set(stage, found);
    return found;
  };
  return [...needs].flatMap(([to, before]) => {
    const direct = [...before];
    return direct.filter((from) => !direct.some((other) => other !== from && all(other).has(from))).map((from) => ({ from, to }));
  });
}
