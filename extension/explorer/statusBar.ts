import * as vscode from 'vscode';
import { isOver } from '../../runner/protocol/runs.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import { runDescription, runLabel, statusBarText, waitsForUser } from '../runs/runWords.ts';
import type { Part } from '../services.ts';

/** Milliseconds between two updates of the text. */
const updateInterval = 500;
/** Runs named in the tooltip. */
const mostNamed = 10;

/** One item while runs are in progress: how many and how far; a warning while the runner is away from them. */
export const registerStatusBar: Part = ({ runs, runner }) => {
  const ends = new DisposableStore();
  let item: vscode.StatusBarItem | undefined;
  let timer: NodeJS.Timeout | undefined;

  const show = (): void => {
    timer = undefined;
    const active = runs.runs.filter(({ status }) => !isOver(status));
    if (active.length === 0) {
      item?.hide();
      return;
    }
    if (item === undefined) {
      item = ends.add(vscode.window.createStatusBarItem('spimquant.runs', vscode.StatusBarAlignment.Left, 0));
      item.name = 'SPIMquant Runs';
      item.command = 'spimquant.runs.show';
    }
    const { status } = runner;
    const away = status.kind === 'lost' || status.kind === 'failed';
    const text = statusBarText(active);
    const isPaused = active.some(({ pause }) => pause !== undefined);
    item.text = away ? '$(warning) SPIMquant: runner not reached' : `$(${isPaused ? 'debug-pause' : 'sync~spin'}) ${text}`;
    item.accessibilityInformation = { label: away ? 'SPIMquant: the runner is not reached; runs go on' : text };
    item.backgroundColor = away || active.some(waitsForUser) ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.tooltip = away ? awayWords(status) : listWords(active.slice(0, mostNamed).map((run) => `${runLabel(run)}: ${runDescription(run, Date.now())}`), active.length - mostNamed);
    item.show();
  };
  const later = (): void => { timer ??= setTimeout(show, updateInterval); };

  ends.add(runs.onDidChange(later));
  ends.add(runner.onStatus(later));
  ends.add({ dispose: () => { clearTimeout(timer); } });
  return ends;
};

function awayWords(status: { readonly kind: 'lost' } | { readonly kind: 'failed'; readonly message: string }): string {
  return status.kind === 'lost' ? 'The runner went away and is being started again. Runs go on.' : `${status.message} Runs go on without it.`;
}

function listWords(lines: readonly string[], more: number): string {
  return [...lines, ...(more > 0 ? [`and ${more} more`] : []), 'Press to show the runs.'].join('\n');
}
