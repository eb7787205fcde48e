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

/** Where something is drawn, in pixels from the upper left corner. */
export interface GraphPoint {
  readonly x: number;
  readonly y: number;
}

/** The graph laid out: middles of the stages, and the points that each connection goes through. */
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, GraphPoint>;
  readonly ways: readonly { readonly from: string; readonly to: string; readonly points: readonly GraphPoint[] }[];
}

/** Pixels of a stage, between two of them, and of a connection that passes through a line. */
export interface GraphSizes {
  readonly width: number;
  readonly height: number;
  readonly between: number;
  readonly lines: number;
}

const passing = 14;
const sweeps = 6;

/** Lays a graph out in lines, so that connections go down and few of them cross. */
export function layOut({ nodes, edges }: StageGraph, sizes: GraphSizes): GraphLayout {
  const layerOf = new Map(nodes.map(({ stage, layer }) => [stage, layer]));
  const lines: string[][] = Array.from({ length: Math.max(0, ...nodes.map(({ layer }) => layer + 1)) }, () => []);
  for (const { stage, layer } of nodes) lines[layer].push(stage);
  const above = new Map<string, string[]>();
  const below = new Map<string, string[]>();
  const connect = (upper: string, lower: string): void => {
    above.set(lower, [...above.get(lower) ?? [], upper]);
    below.set(upper, [...below.get(upper) ?? [], lower]);
  };
  const chains = edges.map(({ from, to }, number) => {
    const chain = [from];
    for (let layer = (layerOf.get(from) ?? 0) + 1; layer < (layerOf.get(to) ?? 0); layer++) {
      const way = `\n${number}\n${layer}`;
      lines[layer].push(way);
      chain.push(way);
    }
    chain.push(to);
    for (let at = 1; at < chain.length; at++) connect(chain[at - 1], chain[at]);
    return { from, to, chain };
  });
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const down = sweep % 2 === 0;
    for (const line of down ? lines : lines.toReversed()) sortByNeighbours(line, down ? above : below, lines);
  }
  const widthOf = (name: string): number => (name.startsWith('\n') ? passing : sizes.width);
  const widths = lines.map((line) => line.reduce((sum, name) => sum + widthOf(name) + sizes.between, -sizes.between));
  const width = Math.max(0, ...widths);
  const places = new Map<string, GraphPoint>();
  lines.forEach((line, at) => {
    let x = (width - widths[at]) / 2;
    for (const name of line) {
      places.set(name, { x: x + widthOf(name) / 2, y: at * (sizes.height + sizes.lines) + sizes.height / 2 });
      x += widthOf(name) + sizes.between;
    }
  });
  const place = (name: string): GraphPoint => places.get(name) ?? { x: 0, y: 0 };
  return {
    width, height: lines.length === 0 ? 0 : lines.length * (sizes.height + sizes.lines) - sizes.lines, places,
    ways: chains.map(({ from, to, chain }) => ({
      // Straight past the boxes of a line, from its upper to its lower edge: a curve would run into them.
      from, to, points: chain.flatMap((name, at): readonly GraphPoint[] => {
        const { x, y } = place(name);
        const [upper, lower] = [{ x, y: y - sizes.height / 2 }, { x, y: y + sizes.height / 2 }];
        return at === 0 ? [lower] : at === chain.length - 1 ? [upper] : [upper, lower];
      }),
    })),
  };
}

/** Orders a line by the middle of what its parts are connected to; what is connected to nothing keeps its place. */
function sortByNeighbours(line: string[], neighbours: ReadonlyMap<string, readonly string[]>, lines: readonly (readonly string[])[]): void {
  const position = new Map(lines.flatMap((each) => each.map((name, at) => [name, (at + 0.5) / each.length] as const)));
  const weight = new Map(line.map((name) => {
    const others = neighbours.get(name) ?? [];
    return [name, others.length === 0 ? position.get(name) ?? 0 : others.reduce((sum, other) => sum + (position.get(other) ?? 0), 0) / others.length];
  }));
  line.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0));
}
