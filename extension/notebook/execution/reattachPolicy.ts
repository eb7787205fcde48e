import type { RunRecord } from '../../../runner/protocol/runs.ts';
import { isOver } from '../../../runner/protocol/runs.ts';

/** A cell as far as finding its run goes. */
export interface CellStanding {
  readonly id: string | undefined;
  /** An execution of it goes on in this window: leave it alone. */
  readonly executing: boolean;
  /** The run that its output shows. */
  readonly shown?: { readonly runId: string; readonly over: boolean };
}

/** What to do with a cell, by its index in the list of cells. */
export type Reattachment =
  /** The run goes on: show it from its beginning and follow it. */
  | { readonly kind: 'follow'; readonly cell: number; readonly run: RunRecord }
  /** The run has ended and the cell does not show it yet. */
  | { readonly kind: 'settle'; readonly cell: number; readonly run: RunRecord }
  /** The cell shows a run as going on of which there is no record any more. */
  | { readonly kind: 'lost'; readonly cell: number; readonly runId: string };

/** What is known besides the cells. */
export interface Knowledge {
  /** URI of the notebook as runs have it in their origin. */
  readonly notebook: string;
  /** Records of runs, in any order. */
  readonly runs: readonly RunRecord[];
  /** Runs whose end a cell has shown before: a cell that does not show it now was cleared or run anew by the user. */
  readonly delivered: ReadonlySet<string>;
}

/**
 * Which cells take up which runs. A run belongs to the cell that shows it, whatever the notebook is called now, else to
 * the cell it was started from. Each run goes to one cell, each cell gets the latest of its runs.
 */
export function planReattach(cells: readonly CellStanding[], { notebook, runs, delivered }: Knowledge): Reattachment[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const shownBy = new Map<string, number>();
  cells.forEach(({ shown }, index) => {
    if (shown !== undefined && !shownBy.has(shown.runId)) shownBy.set(shown.runId, index);
  });
  const plan: Reattachment[] = [];
  const claimed = new Set<string>();
  cells.forEach((cell, index) => {
    if (cell.executing) return;
    const started = cell.id === undefined ? [] : runs.filter(({ id, origin }) =>
      origin?.notebook === notebook && origin.cell === cell.id && (shownBy.get(id) ?? index) === index);
    const shown = cell.shown !== undefined && shownBy.get(cell.shown.runId) === index ? byId.get(cell.shown.runId) : undefined;
    const candidates = [...started, ...(shown === undefined ? [] : [shown])].filter(({ id }) => !claimed.has(id));
    const run = candidates.reduce<RunRecord | undefined>((latest, each) => (latest === undefined || each.started > latest.started ? each : latest), undefined);
    if (run === undefined) {
      if (cell.shown !== undefined && !cell.shown.over && !byId.has(cell.shown.runId)) plan.push({ kind: 'lost', cell: index, runId: cell.shown.runId });
      return;
    }
    claimed.add(run.id);
    if (!isOver(run.status)) {
      plan.push({ kind: 'follow', cell: index, run });
    } else if (cell.shown?.runId === run.id ? !cell.shown.over : !delivered.has(run.id)) {
      plan.push({ kind: 'settle', cell: index, run });
    }
  });
  return plan;
}
