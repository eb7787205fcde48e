import type { StageGraph } from './stageGraph.ts';

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

/** Names of stages, and of connections that pass by them, from left to right; the lines from top to bottom. */
type Lines = readonly string[][];
type Neighbours = ReadonlyMap<string, readonly string[]>;

const passing = 2;
/** Passes over all lines until they are in their order, and until each has its place. */
const sweeps = 12;
const settlings = 24;

/** Lays a graph out in lines, so that connections go down, few of them cross, and most are nearly straight. */
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
  const ordered = inOrder(lines, above, below);
  const half = (name: string): number => (isWay(name) ? passing : sizes.width) / 2;
  const across = spread(ordered, above, below, (left, right) => half(left) + half(right) + sizes.between);
  const left = Math.min(...[...across].map(([name, x]) => x - half(name)));
  const width = Math.max(0, ...[...across].map(([name, x]) => x + half(name) - left));
  const places = new Map(ordered.flatMap((line, at) => line.map((name) => [name, { x: (across.get(name) ?? 0) - left, y: at * (sizes.height + sizes.lines) + sizes.height / 2 }] as const)));
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

/** A connection on its way past a line, rather than a stage. */
function isWay(name: string): boolean {
  return name.startsWith('\n');
}

/** The lines, each in the order that makes the fewest connections cross, as far as sorting by neighbours finds it. */
function inOrder(lines: Lines, above: Neighbours, below: Neighbours): Lines {
  let best = lines.map((line) => [...line]);
  let fewest = crossings(best, below);
  const current = best.map((line) => [...line]);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const down = sweep % 2 === 0;
    for (const line of down ? current : current.toReversed()) sortByNeighbours(line, down ? above : below, current);
    const found = crossings(current, below);
    if (found >= fewest) continue;
    fewest = found;
    best = current.map((line) => [...line]);
  }
  return best;
}

/** Orders a line by the middle of what its parts are connected to; what is connected to nothing keeps its place. */
function sortByNeighbours(line: string[], neighbours: Neighbours, lines: Lines): void {
  const position = new Map(lines.flatMap((each) => each.map((name, at) => [name, (at + 0.5) / each.length] as const)));
  const weight = new Map(line.map((name) => [name, mean((neighbours.get(name) ?? []).map((other) => position.get(other) ?? 0)) ?? position.get(name) ?? 0]));
  line.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0));
}

function crossings(lines: Lines, below: Neighbours): number {
  const position = new Map(lines.flatMap((line) => line.map((name, at) => [name, at] as const)));
  return lines.reduce((sum, line) => {
    const connections = line.flatMap((name, from) => (below.get(name) ?? []).map((other) => ({ from, to: position.get(other) ?? 0 })));
    return sum + connections.reduce((crossed, a, at) => crossed + connections.slice(at + 1).filter((b) => (a.from - b.from) * (a.to - b.to) < 0).length, 0);
  }, 0);
}

/** Middles from left to right: each as near to the middle of its neighbours as the order of its line and `apart` allow. */
function spread(lines: Lines, above: Neighbours, below: Neighbours, apart: (left: string, right: string) => number): ReadonlyMap<string, number> {
  const across = new Map<string, number>();
  for (const line of lines) {
    let x = 0;
    line.forEach((name, at) => {
      if (at > 0) x += apart(line[at - 1], name);
      across.set(name, x);
    });
    for (const name of line) across.set(name, (across.get(name) ?? 0) - x / 2);
  }
  for (let pass = 0; pass < settlings; pass++) {
    for (const line of pass % 2 === 0 ? lines : lines.toReversed()) {
      const wished = line.map((name) => {
        // A connection that passes by several lines is drawn straight before anything else.
        const others = [...above.get(name) ?? [], ...below.get(name) ?? []].flatMap((other) => Array.from({ length: isWay(name) && isWay(other) ? 8 : 1 }, () => across.get(other) ?? 0));
        return mean(others) ?? across.get(name) ?? 0;
      });
      settle(line, wished, apart).forEach((x, at) => { across.set(line[at], x); });
    }
  }
  return across;
}

/** Places nearest to those wished for (least squares) that keep the order and stay apart: neighbours that push each other move as one. */
function settle(line: readonly string[], wished: readonly number[], apart: (left: string, right: string) => number): readonly number[] {
  const offsets: number[] = [];
  for (const at of line.keys()) offsets.push(at === 0 ? 0 : offsets[at - 1] + apart(line[at - 1], line[at]));
  const blocks: { sum: number; count: number }[] = [];
  for (const [at, x] of wished.entries()) {
    let block = { sum: x - offsets[at], count: 1 };
    for (let before = blocks.at(-1); before !== undefined && before.sum / before.count > block.sum / block.count; before = blocks.at(-1)) {
      blocks.pop();
      block = { sum: before.sum + block.sum, count: before.count + block.count };
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count)).map((x, at) => x + offsets[at]);
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
