import { strict as assert } from 'node:assert';
import * as vscode from 'vscode';
import { countTasks } from '../../runner/protocol/runState.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import { onPage } from './support/driver.ts';
import { readJournal } from './support/journal.ts';
import { cellWithId, revealCell, runOf } from './support/notebook.ts';
import { inPhase, kept } from './support/phase.ts';
import { until } from './support/until.ts';

/** The cell of the sample notebook that the editor has brought back by itself. */
async function restoredCell(): Promise<vscode.NotebookCell> {
  const notebook = await until('the notebook is open again', () => vscode.window.activeNotebookEditor?.notebook, 60_000);
  return cellWithId(notebook, 'participant');
}

for (const phase of ['after a reload', 'after a crash of the extension host', 'after a broken connection']) {
  inPhase(phase, () => {
    it('shows the run as running in its cell, and follows it', async () => {
      const id = kept<string>('run');
      const cell = await restoredCell();
      const before = await until('the cell shows the run', () => {
        const shown = runOf(cell);
        return shown?.run.id === id ? shown.run.seq : undefined;
      });
      await revealCell(cell);
      await onPage((page) => page.see({ selector: '.cell-statusbar-container .codicon-notebook-state-executing' }));
      await until('what the cell shows goes on', () => (runOf(cell)?.run.seq ?? 0) > before, 60_000);
      assert.equal((await readJournal(id)).state.status, 'running');
    });

    it('shows the run in the view and in the status bar', async () => {
      await vscode.commands.executeCommand('spimquant.runs.focus');
      await onPage(async (page) => {
        await page.see({ selector: '.sidebar .monaco-list-row', text: 'participant' });
        await page.see({ selector: '.statusbar-item', text: '%' });
      });
    });
  });
}

inPhase('in another window', () => {
  it('ends the run right, with nothing of its output missing', async () => {
    const id = kept<string>('run');
    const cell = await restoredCell();
    await until('the run ends', async () => isOver((await readJournal(id)).state.status), 240_000);
    await until('the cell ends', () => cell.executionSummary?.success !== undefined && isOver(runOf(cell)?.run.status ?? 'running'));
    assert.equal(cell.executionSummary?.success, true);

    const { events, state } = await readJournal(id);
    assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
    const shown = runOf(cell);
    assert.ok(shown);
    assert.equal(shown.run.id, id);
    assert.equal(shown.run.status, 'succeeded');
    assert.equal(shown.run.seq, events.length);
    assert.deepEqual(shown.run.counts, countTasks(state.tasks.values()));
    assert.equal(shown.run.started, state.started);
    assert.equal(shown.run.ended, state.ended);
    assert.equal(shown.bytesWritten, state.bytesWritten);
    assert.deepEqual(shown.tail.map(({ message }) => message), state.log.slice(-shown.tail.length).map(({ message }) => message));
    assert.ok(shown.files.some(({ kind }) => kind === 'report'), 'No report is among the files of the run.');
  }).timeout(300_000);

  it('shows its end in the cell and in the view', async () => {
    await revealCell(await restoredCell());
    await vscode.commands.executeCommand('spimquant.runs.focus');
    await onPage(async (page) => {
      await page.see({ selector: '.cell-statusbar-container .codicon-notebook-state-success' });
      await page.see({ selector: '.sidebar .monaco-list-row[aria-label*="succeeded"]' });
      await page.screenshot({ name: 'run-succeeded' });
    });
  });
});
