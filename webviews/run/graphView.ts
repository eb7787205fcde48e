import { count, formatScope } from '../../runner/wording/words.ts';
import type { TaskRow } from '../../runner/protocol/runView.ts';
import { make } from '../kit/dom.ts';
import { layOut } from './graphLayout.ts';
import type { GraphLayout, GraphPoint } from './graphLayout.ts';
import { hasConnections, stageGraph } from './stageGraph.ts';
import type { StageGraph, StageNode } from './stageGraph.ts';
import { stageWords } from './stageWords.ts';
import { taskIcon, taskWords } from './taskIcon.ts';

const sizes = { width: 200, height: 30, between: 12, lines: 26 } as const;
const svgName = 'http://www.w3.org/2000/svg';

/** The stages of a participant, or of all, as a graph: what is below needs what is above. */
export class GraphView {
  readonly element = make('div', { class: 'graph' });
  readonly #scope = make('select', { 'aria-label': 'Participant of the graph' });
  readonly #scroll = make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Graph of the stages' });
  readonly #drawing = make('div', { class: 'drawing', role: 'group', 'aria-label': 'Stages, each below what it needs' });
  readonly #onChoose: (stage: string, scope: string | undefined) => void;
  #tasks: readonly TaskRow[] = [];
  /** What was drawn last: while only states change, boxes stay and keep the focus. */
  #shape = '';
  #boxes = new Map<string, HTMLButtonElement>();
  /** The stage to see first. */
  #first: string | undefined;

  constructor(onChoose: (stage: string, scope: string | undefined) => void) {
    this.#onChoose = onChoose;
    this.#scope.addEventListener('change', () => { this.#draw(); });
    this.element.append(make('div', { class: 'graph-tools' }, this.#scope, make('span', { class: 'dim' }, 'Each stage is below what it needs.')), this.#scroll);
    this.#scroll.append(this.#drawing);
    // Where the graph does not fit, its upper left corner is empty.
    new ResizeObserver(() => { this.#bringUp(); }).observe(this.#scroll);
  }

  /** Whether there is anything to draw. */
  static isFor(tasks: readonly TaskRow[]): boolean {
    return hasConnections(tasks);
  }

  update(tasks: readonly TaskRow[], scopes: readonly string[]): void {
    this.#tasks = tasks;
    if (this.#scope.options.length !== scopes.length + 1) {
      const chosen = this.#scope.value;
      this.#scope.replaceChildren(make('option', { value: '' }, 'All participants'), ...scopes.map((scope) => make('option', { value: scope }, formatScope(scope))));
      this.#scope.value = chosen;
    }
    this.#draw();
  }

  get #chosen(): string | undefined {
    return this.#scope.value === '' ? undefined : this.#scope.value;
  }

  #draw(): void {
    const scope = this.#chosen;
    const graph = stageGraph(scope === undefined ? this.#tasks : this.#tasks.filter((task) => task.scope === scope));
    const shape = JSON.stringify([scope, graph.nodes.map(({ stage, layer }) => [stage, layer]), graph.edges]);
    const isNew = shape !== this.#shape;
    if (isNew) {
      this.#shape = shape;
      this.#lay(graph, scope);
    }
    for (const node of graph.nodes) fillBox(this.#boxes.get(node.stage), node, needed(graph, node.stage));
    this.#first = (['failed', 'running'] as const).map((status) => graph.nodes.find((node) => node.status === status)).find((node) => node !== undefined)?.stage ?? graph.nodes.at(0)?.stage;
    if (isNew) this.#bringUp();
  }

  /** Scrolls to what has failed or runs, else to the first stage. */
  #bringUp(): void {
    const box = this.#first === undefined ? undefined : this.#boxes.get(this.#first);
    if (box === undefined) return;
    this.#scroll.scrollLeft = box.offsetLeft + sizes.width / 2 - this.#scroll.clientWidth / 2;
    this.#scroll.scrollTop = box.offsetTop + sizes.height / 2 - this.#scroll.clientHeight / 2;
  }

  #lay(graph: StageGraph, scope: string | undefined): void {
    const layout = layOut(graph, sizes);
    this.#boxes = new Map(graph.nodes.map(({ stage }) => {
      const box = make('button', { type: 'button', class: 'stage-box', 'data-stage': stage });
      const { x, y } = layout.places.get(stage) ?? { x: 0, y: 0 };
      box.style.left = `${x - sizes.width / 2}px`;
      box.style.top = `${y - sizes.height / 2}px`;
      box.addEventListener('click', () => { this.#onChoose(stage, scope); });
      return [stage, box];
    }));
    this.#drawing.style.width = `${layout.width}px`;
    this.#drawing.style.height = `${layout.height}px`;
    this.#drawing.replaceChildren(drawWays(layout), ...this.#boxes.values());
  }
}

function needed({ edges }: StageGraph, stage: string): readonly string[] {
  return edges.flatMap(({ from, to }) => (to === stage ? [stageWords(from)] : []));
}

function fillBox(box: HTMLButtonElement | undefined, { stage, tasks, status, fraction }: StageNode, needs: readonly string[]): void {
  if (box === undefined) return;
  const done = tasks.filter((task) => task.status === 'finished').length;
  const key = `${status} ${done} ${tasks.length} ${Math.round(100 * fraction)}`;
  if (box.dataset['key'] === key) return;
  box.dataset['key'] = key;
  box.dataset['status'] = status;
  const words = `${stageWords(stage)}: ${taskWords[status]}, ${done} of ${count(tasks.length, 'task')} done`;
  box.title = words;
  box.setAttribute('aria-label', `${words}${needs.length > 0 ? `; needs ${needs.join(', ')}` : ''}`);
  const fill = make('span', { class: 'fill' });
  fill.style.width = `${Math.round(100 * fraction)}%`;
  box.replaceChildren(taskIcon(status), make('span', { class: 'name' }, stageWords(stage)), ...(tasks.length > 1 ? [make('span', { class: 'share' }, `${done}/${tasks.length}`)] : []), fill);
}

function drawWays({ width, height, ways }: GraphLayout): SVGSVGElement {
  const svg = document.createElementNS(svgName, 'svg');
  svg.setAttribute('width', String(width));
  svg.setAttribute('height', String(height));
  svg.setAttribute('aria-hidden', 'true');
  for (const { points } of ways) {
    const path = document.createElementNS(svgName, 'path');
    path.setAttribute('d', curve(points));
    svg.append(path);
  }
  return svg;
}

/** A line that leaves and enters its points straight up and down. */
function curve([first, ...rest]: readonly GraphPoint[]): string {
  let path = `M${first.x} ${first.y}`;
  let before = first;
  for (const point of rest) {
    const middle = (before.y + point.y) / 2;
    path += `C${before.x} ${middle} ${point.x} ${middle} ${point.x} ${point.y}`;
    before = point;
  }
  return path;
}
