import * as vscode from 'vscode';
import { joinWords } from '../../../runner/command/shell.ts';
import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import type { Services } from '../../services.ts';
import { commandLanguage, notebookTypes, optionsLanguage } from '../ids.ts';

/** Opens a new notebook that begins with the dataset the user works with. */
export async function newNotebook(services: Services): Promise<void> {
  const dataset = await knownDataset(services);
  const cells = templateCells(dataset?.uri).map(({ kind, language, text }) => new vscode.NotebookCellData(kind, text, language));
  const notebook = await vscode.workspace.openNotebookDocument(notebookTypes.own, new vscode.NotebookData(cells));
  await vscode.window.showNotebookDocument(notebook);
}

/** The first of the list, which nobody waits for when there is no runner yet. */
async function knownDataset({ runner }: Services): Promise<DatasetRef | undefined> {
  try {
    if (!await runner.attach()) return undefined;
    const { datasets, recent } = await runner.request('datasets.list', {}, { signal: AbortSignal.timeout(2000) });
    return datasets[0] ?? recent[0];
  } catch {
    return undefined;
  }
}

interface TemplateCell {
  readonly kind: vscode.NotebookCellKind;
  readonly language: string;
  readonly text: string;
}

function templateCells(dataset: string | undefined): readonly TemplateCell[] {
  const bids = joinWords([dataset ?? '/path/to/bids']);
  const output = joinWords([dataset === undefined ? '/path/to/output' : `${dataset.replace(/\/$/, '')}/derivatives/spimquant`]);
  const { Code, Markup } = vscode.NotebookCellKind;
  return [
    {
      kind: Markup, language: 'markdown',
      text: '# New analysis\nEach cell is one command, the same as in the terminal. The options below are defaults for all cells that follow them.',
    },
    { kind: Code, language: optionsLanguage, text: '# Options without their dashes.\nstains_for_seg: [Abeta]\nseg_method: otsu+k3i2' },
    { kind: Code, language: commandLanguage, text: `spimquant info ${bids}` },
    { kind: Code, language: commandLanguage, text: `spimquant segment ${bids}` },
    { kind: Code, language: commandLanguage, text: `spimquant ${bids} ${output} participant` },
  ];
}
