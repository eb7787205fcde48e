import * as vscode from 'vscode';
import { isOver } from '../../../runner/protocol/runs.ts';
import { count } from '../../../runner/wording/words.ts';
import { hasLeft } from '../../cloud/cloudWords.ts';
import { registerCommand } from '../../platform/commands.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import type { Part } from '../../services.ts';
import { registerPauseNotices } from './pauseNotices.ts';
import { registerRunCommands } from './runCommands.ts';
import { registerRunNotices } from './runNotices.ts';
import { RunsTree } from './runsTree.ts';

/** The Runs view, its commands, and what is told when a run ends. */
export const registerRuns: Part = (services) => {
  const ends = new DisposableStore();
  const tree = ends.add(new RunsTree(services));
  const view = ends.add(vscode.window.createTreeView('spimquant.runs', { treeDataProvider: tree, showCollapseAll: true }));
  tree.tickWhile(() => view.visible);
  ends.add(view.onDidCollapseElement(({ element }) => { tree.collapsed(element); }));

  const showBadge = (): void => {
    const active = services.runs.runs.filter(({ status }) => !isOver(status)).length;
    if ((view.badge?.value ?? 0) === active) return;
    view.badge = active === 0 ? undefined : { value: active, tooltip: `${count(active, 'run')} in progress` };
  };
  ends.add(services.runs.onDidChange(showBadge));

  ends.add(registerCommand('spimquant.runs.show', services.log, () => vscode.commands.executeCommand('spimquant.runs.focus')));
  ends.add(registerCommand('spimquant.runs.refresh', services.log, () => { tree.reload(); }));
  ends.add(registerCommand('spimquant.runs.loadMore', services.log, () => services.runs.loadMore()));
  ends.add(services.runs.onDidChange((run) => {
    const behind = (run === undefined ? services.runs.runs : [run]).filter((each) => each.status === 'interrupted' && hasLeft(each));
    if (behind.length > 0) void import('../../cloud/takeUp.ts').then(({ takeUp }) => takeUp(services, behind));
  }));
  ends.add(registerRunCommands(services));
  ends.add(registerRunNotices(services));
  ends.add(registerPauseNotices(services));
  return ends;
};
