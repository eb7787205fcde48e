import * as vscode from 'vscode';
import { reportError } from '../../../runner/protocol/errors.ts';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';
import { showError } from '../../platform/commands.ts';
import type { Services } from '../../services.ts';
import type { CellIds } from '../cellIdKeeper.ts';
import { optionsLanguage } from '../ids.ts';
import type { Place } from '../ids.ts';
import { errorResult } from './cellOutput.ts';
import { optionsAbove } from './optionsAbove.ts';
import type { DeliveredRuns } from './deliveredRuns.ts';
import { CellDisplay } from './cellDisplay.ts';
import { exploreCell } from './exploreCell.ts';
import { followRun } from './followRun.ts';
import type { Following } from './followRun.ts';
import type { Job, JobEnd } from './job.ts';
import { adopt, begin, emptyQueue, end, enqueue, placeInQueue, remove } from './queue.ts';
import type { QueueState } from './queue.ts';
import { realTime } from './throttle.ts';

/** Milliseconds in which the editor tells that a stopped cell was in truth deleted. */
const deletionNotice = 100;

/** How a cell stands, as its status bar tells it. */
export type CellActivity =
  | { readonly kind: 'queued'; readonly before: number }
  | { readonly kind: 'exploring'; readonly progress?: string }
  | { readonly kind: 'run'; readonly run: RunRecord };

/** Carries out cells, one at a time in each notebook, in the order they were asked for. */
export class CellExecutor implements vscode.Disposable {
  readonly #services: Services;
  readonly #ids: CellIds;
  readonly #delivered: DeliveredRuns;
  readonly #queues = new Map<vscode.NotebookDocument, QueueState<Job>>();
  readonly #jobs = new Map<vscode.NotebookCell, Job>();
  readonly #followings = new Map<Job, Following>();
  readonly #orders = new WeakMap<vscode.NotebookDocument, number>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #closed: vscode.Disposable;

  /** A cell is queued, goes on, or has ended. */
  readonly onDidChange = this.#changed.event;

  constructor(services: Services, ids: CellIds, delivered: DeliveredRuns) {
    this.#services = services;
    this.#ids = ids;
    this.#delivered = delivered;
    this.#closed = vscode.workspace.onDidCloseNotebookDocument((notebook) => { this.#leave(notebook); });
  }

  /** Puts cells into the queue of their notebook. They show as pending at once. */
  execute(cells: readonly vscode.NotebookCell[], controller: vscode.NotebookController, place: Place): void {
    const jobs = cells
      .filter((cell) => cell.index >= 0 && !cell.notebook.isClosed && !this.#jobs.has(cell))
      .map((cell) => this.#newJob(cell, controller, place));
    if (jobs.length === 0) return;
    const { notebook } = jobs[0].cell;
    this.#update(notebook, (queue) => enqueue(queue, jobs));
    this.#pump(notebook);
  }

  /** Takes up a run that was started before: shows all that has happened and follows it to its end. */
  adopt(cell: vscode.NotebookCell, controller: vscode.NotebookController, run: RunRecord): void {
    if (this.#jobs.has(cell) || cell.index < 0) return;
    const job = this.#newJob(cell, controller, run.place);
    this.#update(cell.notebook, (queue) => adopt(queue, job));
    void this.#finish(job, this.#follow(job, run));
  }

  /** Shows a last output in a cell, e.g. that there is no record of its run. */
  async settle(cell: vscode.NotebookCell, controller: vscode.NotebookController, output: RunOutput): Promise<void> {
    if (this.#jobs.has(cell) || cell.index < 0) return;
    const job = this.#newJob(cell, controller, 'local');
    this.#update(cell.notebook, (queue) => adopt(queue, job));
    const show = async (): Promise<JobEnd> => {
      job.execution.start(output.run.started);
      await new CellDisplay(job).showRun(output);
      return { success: undefined };
    };
    await this.#finish(job, show());
  }

  isBusy(cell: vscode.NotebookCell): boolean {
    return this.#jobs.has(cell);
  }

  /** What goes on in a cell; undefined: nothing. */
  activity(cell: vscode.NotebookCell): CellActivity | undefined {
    const job = this.#jobs.get(cell);
    if (job === undefined) return undefined;
    const before = placeInQueue(this.#queue(cell.notebook), job);
    if (before !== undefined) return { kind: 'queued', before };
    if (job.run !== undefined) return { kind: 'run', run: this.#services.runs.get(job.run.id) ?? job.run };
    return { kind: 'exploring', ...(job.progress === undefined ? {} : { progress: job.progress }) };
  }

  /** Ids of the runs that cells of this window follow. */
  followedRuns(): string[] {
    return [...this.#jobs.values()].flatMap(({ run }) => (run === undefined ? [] : [run.id]));
  }

  /** Asks for the end of a run, wherever it was started; the cell that follows it shows so at once. */
  async cancelRun(runId: string): Promise<void> {
    const job = [...this.#jobs.values()].find((each) => each.run?.id === runId);
    if (job !== undefined) {
      job.cancelling = true;
      this.#followings.get(job)?.refresh();
    }
    try {
      await this.#services.runner.request('runs.cancel', { id: runId });
    } catch (error) {
      if (job !== undefined) {
        job.cancelling = false;
        this.#followings.get(job)?.refresh();
      }
      throw error;
    }
  }

  dispose(): void {
    this.#closed.dispose();
    for (const notebook of this.#queues.keys()) this.#leave(notebook);
    this.#changed.dispose();
  }

  #newJob(cell: vscode.NotebookCell, controller: vscode.NotebookController, place: Place): Job {
    const execution = controller.createNotebookCellExecution(cell);
    const job: Job = { cell, execution, place, abort: new AbortController(), isStarting: false, cancelling: false };
    this.#jobs.set(cell, job);
    execution.token.onCancellationRequested(() => { void this.#stop(job); });
    return job;
  }

  #queue(notebook: vscode.NotebookDocument): QueueState<Job> {
    return this.#queues.get(notebook) ?? emptyQueue<Job>();
  }

  #update(notebook: vscode.NotebookDocument, change: (queue: QueueState<Job>) => QueueState<Job>): void {
    this.#queues.set(notebook, change(this.#queue(notebook)));
    this.#changed.fire();
  }

  #pump(notebook: vscode.NotebookDocument): void {
    const { queue, item: job } = begin(this.#queue(notebook));
    if (job === undefined) return;
    this.#update(notebook, () => queue);
    void this.#finish(job, this.#carryOut(job));
  }

  /** Waits for the end of a job and goes on with the next. */
  async #finish(job: Job, work: Promise<JobEnd>): Promise<void> {
    const { cell: { notebook } } = job;
    const ended = await work.catch((error: unknown): JobEnd => {
      this.#services.log.error(`A cell could not be carried out: ${reportError(error).message}`);
      return { success: false };
    });
    this.#followings.delete(job);
    if (!this.#queues.has(notebook)) return;
    const { queue, dropped } = end(this.#queue(notebook), job, ended.success === true);
    this.#update(notebook, () => queue);
    this.#release(job, ended);
    for (const each of dropped) this.#release(each, { success: undefined });
    this.#pump(notebook);
  }

  #release(job: Job, { success, time }: JobEnd): void {
    this.#jobs.delete(job.cell);
    try {
      // Without a time the editor shows none for what has run.
      job.execution.end(success, success === undefined ? undefined : time ?? Date.now());
    } catch (error) {
      // The editor has ended it itself, e.g. because the cell was deleted.
      this.#services.log.debug(`A cell's execution was over already: ${reportError(error).message}`);
    }
    this.#changed.fire();
  }

  async #carryOut(job: Job): Promise<JobEnd> {
    const { cell } = job;
    const display = new CellDisplay(job);
    const text = cell.document.getText();
    let isBegun = false;
    const begun = (time = Date.now()): void => {
      isBegun = true;
      job.execution.start(time);
      const order = (this.#orders.get(cell.notebook) ?? 0) + 1;
      this.#orders.set(cell.notebook, order);
      job.execution.executionOrder = order;
    };
    try {
      if (cell.document.languageId === optionsLanguage) {
        begun();
        const { checkOptions } = await import('./optionsCell.ts');
        const { result, isRight } = checkOptions(text, optionsAbove(cell));
        await display.showResult(result);
        return { success: isRight };
      }
      const { effectiveText, isRun, parseForNotebook } = await import('./commandText.ts');
      const effective = effectiveText(text, optionsAbove(cell), job.place, this.#services.cwd());
      if (isRun(parseForNotebook(effective, this.#services.cwd()))) return await this.#startRun(job, effective, begun);
      begun();
      return await exploreCell(this.#services, job, effective, display, () => { this.#changed.fire(); });
    } catch (error) {
      const report = reportError(error);
      if (report.code === 'cancelled') return { success: isBegun ? false : undefined };
      if (!isBegun) begun();
      await display.showResult(errorResult(text, report));
      if (report.code === 'internal') this.#services.log.error(report.stack ?? report.message);
      return { success: false };
    }
  }

  async #startRun(job: Job, text: string, begun: (time: number) => void): Promise<JobEnd> {
    const id = await this.#ids.ensure(job.cell);
    if (job.cancelling || job.abort.signal.aborted) return { success: undefined };
    job.isStarting = true;
    const run = await this.#services.startRun({
      text, cwd: this.#services.cwd(),
      ...(id === undefined ? {} : { origin: { notebook: job.cell.notebook.uri.toString(), cell: id } }),
    });
    // Its notebook was closed meanwhile: the run goes on, and is taken up when the notebook is opened again.
    if (job.abort.signal.aborted) return { success: undefined };
    begun(run.started);
    return this.#follow(job, run, true);
  }

  async #follow(job: Job, run: RunRecord, isStarted = false): Promise<JobEnd> {
    job.run = run;
    if (!isStarted) job.execution.start(run.started);
    const display = new CellDisplay(job);
    const following = followRun({
      runner: this.#services.runner, time: realTime, run, signal: job.abort.signal,
      cancelling: () => job.cancelling || this.#services.runs.get(run.id)?.cancelling === true,
      show: (output) => display.showRun(output),
    });
    this.#followings.set(job, following);
    this.#changed.fire();
    if (job.cancelling) void this.#cancel(run.id);
    const ended = await following.ended;
    if (ended === undefined) return { success: undefined };
    this.#delivered.add(run.id);
    const { status, ended: time } = ended.run;
    return { success: status === 'succeeded', ...(time === undefined ? {} : { time }) };
  }

  /** The user's stop, or the editor's when the cell is deleted. */
  async #stop(job: Job): Promise<void> {
    const { cell } = job;
    const queue = this.#queue(cell.notebook);
    if (placeInQueue(queue, job) !== undefined) {
      this.#update(cell.notebook, () => remove(queue, job));
      this.#release(job, { success: undefined });
      return;
    }
    job.cancelling = true;
    if (job.run === undefined) {
      // A run that is being started is cancelled as soon as the runner has said which one it is.
      if (!job.isStarting) job.abort.abort();
      return;
    }
    this.#followings.get(job)?.refresh();
    await new Promise((resolve) => setTimeout(resolve, deletionNotice));
    if (cell.notebook.isClosed) return;
    if (cell.index >= 0) {
      await this.#cancel(job.run.id);
      return;
    }
    job.abort.abort();
    const answer = await vscode.window.showInformationMessage('The cell of a run was deleted. The run goes on.', 'Cancel Run', 'Show Runs');
    if (answer === 'Cancel Run') await this.#cancel(job.run.id);
    if (answer === 'Show Runs') await vscode.commands.executeCommand('spimquant.runs.show');
  }

  async #cancel(runId: string): Promise<void> {
    try {
      await this.cancelRun(runId);
    } catch (error) {
      showError(reportError(error), this.#services.log);
    }
  }

  /**
   * A notebook was closed: its runs go on, nobody follows them here, and what waits is dropped. Executions are ended: the
   * editor makes none for a cell that it believes to be carried out still, and a notebook that is opened again has cells
   * of the same addresses.
   */
  #leave(notebook: vscode.NotebookDocument): void {
    const { active, waiting } = this.#queue(notebook);
    this.#queues.delete(notebook);
    for (const { item } of [...active, ...waiting]) {
      item.abort.abort();
      this.#followings.delete(item);
      this.#release(item, { success: undefined });
    }
    this.#changed.fire();
  }
}
