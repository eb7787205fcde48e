import * as vscode from 'vscode';
import { reportError } from '../../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../../runner/protocol/errors.ts';
import { isOver } from '../../../runner/protocol/runs.ts';
import type { OutputFile, RunRecord, RunStatus } from '../../../runner/protocol/runs.ts';
import { pauseText } from '../../../runner/wording/pause.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import { cloudRows, hasLeft, withoutFollowed } from '../../cloud/cloudWords.ts';
import type { CloudRow } from '../../cloud/cloudWords.ts';
import { outputName } from '../../runs/outputName.ts';
import { escapeMarkdown } from '../markdown.ts';
import { RunDetails } from '../../runs/runDetails.ts';
import { failureRows, runContext, runDescription, runFacts, runLabel, stageRows, statusWords } from '../../runs/runWords.ts';
import type { Services } from '../../services.ts';

/** A run's row. The same object stands for a run as long as the view lives, so that selection and expansion stay. */
export interface RunNode {
  readonly kind: 'run';
  /** As last heard. */
  run: RunRecord;
}

/** A row below a run, or one that says what is wrong and mends it. */
interface DetailNode {
  readonly kind: 'detail';
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly tooltip?: string;
  readonly icon: vscode.ThemeIcon;
  readonly command?: vscode.Command;
  readonly speech?: string;
}

export type RunsNode = RunNode | DetailNode;

/** Milliseconds between two updates of rows. */
const updateInterval = 250;
/** Milliseconds after which the time of runs in progress is written anew. */
const clockInterval = 5000;
/** Rows of failures and of reports below a run. */
const mostRows = 10;

const icons: Readonly<Record<RunStatus | 'waiting', readonly [icon: string, color: string | undefined]>> = {
  starting: ['sync~spin', undefined],
  running: ['sync~spin', undefined],
  paused: ['debug-pause', 'list.warningForeground'],
  waiting: ['circle-outline', undefined],
  succeeded: ['pass', 'testing.iconPassed'],
  failed: ['error', 'testing.iconFailed'],
  cancelled: ['circle-slash', 'disabledForeground'],
  interrupted: ['warning', 'list.warningForeground'],
};

function statusIcon(status: RunStatus | 'waiting'): vscode.ThemeIcon {
  const [icon, color] = icons[status];
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}

/** The Runs view: runs in progress first, then the newest; below a run what it does, or what came of it. */
export class RunsTree implements vscode.TreeDataProvider<RunsNode>, vscode.Disposable {
  readonly #services: Services;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<RunsNode | undefined>());
  readonly #details: RunDetails;
  readonly #nodes = new Map<string, RunNode>();
  readonly #reports = new Map<string, readonly OutputFile[]>();
  readonly #stale = new Set<string>();
  #order = '';
  #allStale = false;
  #timer: NodeJS.Timeout | undefined;
  #problem: ErrorReport | undefined;
  #loaded = false;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    this.#details = this.#store.add(new RunDetails(services.runner));
    this.#store.add(services.runs.onDidChange((run) => {
      if (run === undefined) this.#allStale = true;
      else this.#stale.add(run.id);
      this.#schedule();
    }));
    this.#store.add(this.#details.onDidChange((id) => {
      this.#stale.add(id);
      this.#schedule();
    }));
    this.#store.add(services.runner.onStatus((status) => {
      if (status.kind === 'connected' && this.#problem !== undefined) this.reload();
    }));
  }

  /** Asks the runner anew, e.g. after it could not be started. */
  reload(): void {
    this.#problem = undefined;
    this.#loaded = false;
    this.#reports.clear();
    this.#changed.fire(undefined);
  }

  /** Writes the time of runs in progress anew while the view is seen. */
  tickWhile(visible: () => boolean): void {
    const timer = setInterval(() => {
      if (!visible()) return;
      for (const run of this.#services.runs.runs) if (!isOver(run.status)) this.#stale.add(run.id);
      this.#schedule();
    }, clockInterval);
    this.#store.add({ dispose: () => { clearInterval(timer); } });
  }

  /** A row that is closed need not be followed any more. */
  collapsed(node: RunsNode): void {
    if (node.kind === 'run') this.#details.forget(node.run.id);
  }

  async getChildren(node?: RunsNode): Promise<RunsNode[]> {
    if (node === undefined) return this.#roots();
    return node.kind === 'run' ? this.#below(node.run) : [];
  }

  getParent(): undefined {
    return undefined;
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    return node.kind === 'run' ? runItem(node.run, Date.now()) : detailItem(node);
  }

  async #roots(): Promise<RunsNode[]> {
    const { runs } = this.#services;
    if (!this.#loaded) {
      try {
        await runs.load();
        this.#loaded = true;
        this.#problem = undefined;
      } catch (error) {
        this.#problem = reportError(error);
        if (runs.runs.length === 0) return problemRows(this.#problem);
      }
    }
    const nodes = this.#inOrder().map((run) => this.#node(run));
    for (const id of [...this.#nodes.keys()]) if (runs.get(id) === undefined) this.#nodes.delete(id);
    this.#order = orderKey(this.#inOrder());
    return [
      ...(this.#problem === undefined ? [] : problemRows(this.#problem)),
      ...nodes,
      ...(runs.more ? [{
        kind: 'detail', id: 'more', label: 'Show more', icon: new vscode.ThemeIcon('ellipsis'),
        command: { command: 'spimquant.runs.loadMore', title: 'Show More' },
      } as const] : []),
    ];
  }

  #inOrder(): readonly RunRecord[] {
    const all = this.#services.runs.runs;
    return [...all.filter(({ status }) => !isOver(status)), ...all.filter(({ status }) => isOver(status))];
  }

  #node(heard: RunRecord): RunNode {
    const record = withoutFollowed(heard, this.#services.runs.runs);
    const known = this.#nodes.get(record.id);
    if (known === undefined) {
      const node: RunNode = { kind: 'run', run: record };
      this.#nodes.set(record.id, node);
      return node;
    }
    known.run = record;
    return known;
  }

  /** Rows are written anew at most four times a second; the list itself only when runs come, go or change places. */
  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const ids = [...this.#stale];
      this.#stale.clear();
      if (this.#allStale || orderKey(this.#inOrder()) !== this.#order) {
        this.#allStale = false;
        this.#changed.fire(undefined);
        return;
      }
      for (const id of ids) {
        const record = this.#services.runs.get(id);
        const node = this.#nodes.get(id);
        if (record === undefined || node === undefined) continue;
        node.run = withoutFollowed(record, this.#services.runs.runs);
        this.#changed.fire(node);
      }
    }, updateInterval);
  }

  async #below(run: RunRecord): Promise<DetailNode[]> {
    const state = this.#details.follow(run.id);
    const cloud = cloudRows(run, state, Date.now()).map((row) => cloudNode(run, row));
    if (!isOver(run.status)) {
      return [...pauseRows(run), ...cloud, ...stageRows(state).map((row): DetailNode => ({
        kind: 'detail', id: `${run.id}/${row.stage}`, label: row.label, description: row.description, tooltip: row.tooltip,
        icon: statusIcon(row.status), speech: `${row.label}, ${row.status}, ${row.description}`,
      }))];
    }
    const failures = failureRows(state, mostRows);
    const rows = failures.length > 0 || run.error === undefined ? failures : [{ title: run.error.message, message: run.error.message, ...(run.error.hint === undefined ? {} : { hint: run.error.hint }) }];
    const log = { command: 'spimquant.run.openLog', title: 'Open Log', arguments: [run] };
    const more = run.counts.failed - failures.length;
    return [
      ...cloud,
      ...rows.map(({ title, message, hint }, i): DetailNode => ({
        kind: 'detail', id: `${run.id}/failure ${i}`, label: title, ...(title === message ? {} : { description: message }),
        tooltip: hint === undefined ? message : `${message}\n${hint}`, icon: statusIcon(run.status === 'succeeded' ? 'interrupted' : 'failed'), command: log,
      })),
      ...(failures.length === mostRows && more > 0 ? [{ kind: 'detail', id: `${run.id}/more failures`, label: `${more} more failed`, icon: statusIcon('failed'), command: log } as const] : []),
      ...(await this.#reportRows(run)),
    ];
  }

  async #reportRows(run: RunRecord): Promise<DetailNode[]> {
    let files = this.#reports.get(run.id);
    if (files === undefined) {
      const outputs = await this.#services.runner.request('runs.outputs', { id: run.id });
      files = outputs.files.filter(({ kind }) => kind === 'report');
      this.#reports.set(run.id, files);
    }
    const rows = files.slice(0, mostRows).map((file): DetailNode => ({
      kind: 'detail', id: `${run.id}/${file.uri}`, label: outputName(file), tooltip: file.uri, icon: new vscode.ThemeIcon('open-preview'),
      command: { command: 'spimquant.run.openOutputs', title: 'Open Report', arguments: [run, file] },
    }));
    return [...rows, {
      kind: 'detail', id: `${run.id}/outputs`, label: files.length > mostRows ? `${files.length - mostRows} more reports and other outputs` : 'All outputs', icon: new vscode.ThemeIcon('folder-opened'),
      command: { command: 'spimquant.run.openOutputs', title: 'Open Outputs', arguments: [run] },
    }];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#store.dispose();
  }
}

/** Which runs stand where: what makes the list itself change. */
function orderKey(runs: readonly RunRecord[]): string {
  return runs.map(({ id }) => id).join(' ');
}

const pauseIcons = { 'sign-in': 'key', 'network': 'debug-disconnect', 'disk': 'database' } as const;

/** What a paused run waits for; pressing it does what can be done. */
function pauseRows({ id, pause, cancelling }: RunRecord): readonly DetailNode[] {
  if (pause === undefined || cancelling) return [];
  const command = pause.kind === 'sign-in' ? { command: 'spimquant.run.signIn', title: 'Sign In Again' } : { command: 'spimquant.run.resumeNow', title: 'Resume Now' };
  const label = { 'sign-in': 'Sign in again', 'network': 'Waits for the network', 'disk': 'Waits for room on the disk' }[pause.kind];
  return [{
    kind: 'detail', id: `${id}/pause`, label, description: pause.error.message, tooltip: pauseText(pause),
    icon: new vscode.ThemeIcon(pauseIcons[pause.kind], new vscode.ThemeColor('list.warningForeground')), command: { ...command, arguments: [id] }, speech: `${label}. ${pause.error.message}`,
  }];
}

const cloudIcons: Readonly<Record<CloudRow['kind'], vscode.ThemeIcon>> = {
  left: new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')),
  machines: new vscode.ThemeIcon('server'),
  cost: new vscode.ThemeIcon('credit-card'),
  participant: new vscode.ThemeIcon('sync~spin'),
};

/** A row of what is known of a run's machines; pressing it leads on where there is more. */
function cloudNode(run: RunRecord, { id, kind, label, description, tooltip, page }: CloudRow): DetailNode {
  const command = kind === 'left' ? { command: 'spimquant.run.endMachines', title: 'End Machines', arguments: [run] }
    : page === undefined ? undefined : { command: 'spimquant.run.openCoiled', title: 'Open at Coiled', arguments: [run] };
  return { kind: 'detail', id: `${run.id}/cloud ${id}`, label, description, tooltip, icon: cloudIcons[kind], speech: `${label}, ${description}`, ...(command === undefined ? {} : { command }) };
}

function runItem(run: RunRecord, now: number): vscode.TreeItem {
  const item = new vscode.TreeItem(runLabel(run), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = run.id;
  item.description = runDescription(run, now);
  item.iconPath = hasLeft(run) ? cloudIcons.left : statusIcon(run.status);
  item.contextValue = runContext(run);
  item.tooltip = runTooltip(run, now);
  item.accessibilityInformation = { label: `${runLabel(run)}, ${statusWords(run)}, ${runDescription(run, now)}` };
  return item;
}

/** Markdown; what comes from outside goes in as text. */
function runTooltip(run: RunRecord, now: number): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString(`**${escapeMarkdown(runLabel(run))}**\n\n`);
  tooltip.appendCodeblock(run.command, 'spimquant');
  for (const { label, value } of runFacts(run, now)) tooltip.appendMarkdown(`${label}: ${escapeMarkdown(value)}\n\n`);
  return tooltip;
}

function detailItem(node: DetailNode): vscode.TreeItem {
  const item = new vscode.TreeItem(node.label);
  item.id = node.id;
  item.iconPath = node.icon;
  if (node.description !== undefined) item.description = node.description;
  item.tooltip = node.tooltip ?? node.label;
  if (node.command !== undefined) item.command = node.command;
  if (node.speech !== undefined) item.accessibilityInformation = { label: node.speech };
  return item;
}

function problemRows(error: ErrorReport): DetailNode[] {
  const tooltip = error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
  return [
    { kind: 'detail', id: 'problem', label: 'Runs cannot be shown.', description: error.message, tooltip, icon: new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground')) },
    { kind: 'detail', id: 'problem/restart', label: 'Start the runner again', tooltip: 'Runs in progress go on.', icon: new vscode.ThemeIcon('debug-restart'), command: { command: 'spimquant.runner.restart', title: 'Restart Runner' } },
    { kind: 'detail', id: 'problem/log', label: 'Show the log', icon: new vscode.ThemeIcon('output'), command: { command: 'spimquant.runner.showLog', title: 'Show Runner Log' } },
  ];
}
