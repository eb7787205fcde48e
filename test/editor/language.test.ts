import { strict as assert } from 'node:assert';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { onPage } from './support/driver.ts';
import { until } from './support/until.ts';

const highlighted = [
  '# Quantify two participants',
  '$ pixi run spimquant s3://lab/bids "./my out" participant \\',
  '  --participant-label sub-01 02 \\',
  '  --seg_method otsu+k3i2 th500 --mem 8GB \\',
  '  --filter-spim acquisition=4x -nc2   # a try',
].join('\n');

const cells: readonly (readonly [language: string, text: string])[] = [
  ['spimquant', highlighted],
  ['spimquant', 'spimquant bids out participant --seg_metod th500'],
  ['yaml', 'bids_dir: bids\noutput_dir: out\nregistration_lvl: 2\n'],
  ['spimquant', 'spimquant group --contrast_column '],
  ['spimquant', 'spimquant bids out participant --sloppy'],
];

async function open(): Promise<vscode.NotebookDocument> {
  const data = new vscode.NotebookData(cells.map(([language, text]) => new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, language)));
  const notebook = await vscode.workspace.openNotebookDocument('spimquant-notebook', data);
  await vscode.window.showNotebookDocument(notebook);
  return notebook;
}

/** Makes a small dataset in the workspace whose participants can be completed. */
function makeDataset(): void {
  const folder = vscode.workspace.workspaceFolders?.at(0)?.uri.fsPath;
  assert.ok(folder !== undefined, 'The window has no folder.');
  const bids = join(folder, 'bids');
  for (const label of ['mouseA', 'mouseB']) mkdirSync(join(bids, `sub-${label}`), { recursive: true });
  writeFileSync(join(bids, 'dataset_description.json'), JSON.stringify({ Name: 'Two mice', BIDSVersion: '1.10.0' }));
  writeFileSync(join(bids, 'participants.tsv'), 'participant_id\tgenotype\nsub-mouseA\tWT\nsub-mouseB\tKO\n');
}

async function completions(document: vscode.TextDocument, position: vscode.Position): Promise<readonly vscode.CompletionItem[]> {
  const list = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', document.uri, position);
  return list.items;
}

function labelOf({ label }: vscode.CompletionItem): string {
  return typeof label === 'string' ? label : label.label;
}

function endOf(document: vscode.TextDocument): vscode.Position {
  return document.positionAt(document.getText().length);
}

/** The words of a text with markup. */
function plain(text: vscode.MarkdownString | vscode.MarkedString | undefined): string {
  return (typeof text === 'string' ? text : text?.value ?? '').replaceAll('&nbsp;', ' ');
}

describe('the command language in cells', () => {
  let notebook: vscode.NotebookDocument;
  const document = (index: number): vscode.TextDocument => notebook.cellAt(index).document;

  before(async () => {
    makeDataset();
    notebook = await open();
  });

  after(async () => {
    await vscode.workspace.getConfiguration().update('workbench.colorTheme', undefined, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('colours verbs, flags, methods and comments differently', async () => {
    await onPage(async (page) => {
      const word = (text: string): { selector: string; text: string } => ({ selector: '.cell.code .view-line span > span', text });
      await until('the grammar is at work', async () => await page.style({ ...word('--participant-label'), property: 'color' }) !== await page.style({ ...word('# Quantify'), property: 'color' }));
      const colours = new Set<string>();
      for (const text of ['# Quantify', 'spimquant', '--participant-label', 'otsu', 's3://lab/bids']) colours.add(await page.style({ ...word(text), property: 'color' }));
      assert.ok(colours.size >= 4, `Colours: ${[...colours].join('; ')}`);
      await page.screenshot({ name: 'language-highlight-dark' });
    });
  });

  it('completes flags of the level with what they mean', async () => {
    const found = await completions(document(4), new vscode.Position(0, 'spimquant bids out participant --'.length));
    const flag = found.find((item) => labelOf(item) === '--seg_method');
    assert.ok(flag !== undefined, 'There is no --seg_method.');
    assert.match(plain(flag.documentation), /several are done side by side/);
    assert.ok(!found.some((item) => labelOf(item) === '--contrast_column'), 'A flag of another level is offered.');
  });

  it('completes participants of the dataset', async () => {
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document(4).uri, endOf(document(4)), ' --participant-label ');
    await vscode.workspace.applyEdit(edit);
    const labels = await until('the runner has answered', async () => {
      const found = (await completions(document(4), endOf(document(4)))).filter((item) => item.kind === vscode.CompletionItemKind.User).map(labelOf);
      return found.length > 0 && found;
    });
    assert.deepEqual(labels, ['mouseA', 'mouseB']);
  });

  it('completes columns of participants.tsv, the dataset being named by an options cell', async () => {
    const labels = await until('the runner has answered', async () => {
      const found = (await completions(document(3), endOf(document(3)))).map(labelOf);
      return found.includes('genotype') && found;
    });
    assert.ok(!labels.includes('participant_id'));
  });

  it('completes options', async () => {
    const labels = (await completions(document(2), endOf(document(2)))).map(labelOf);
    assert.ok(labels.includes('seg_method') && !labels.includes('bids_dir'), labels.join(' '));
  });

  it('shows the list to who types', async () => {
    await onPage(async (page) => {
      await page.click({ selector: '.cell.code .view-line', text: '--sloppy' });
      await page.press({ keys: 'Control+End' });
      await page.type({ text: 'mouseA --seg' });
      await page.press({ keys: 'Control+Space' });
      await page.see({ selector: '.suggest-widget .monaco-list-row', text: '--seg_method' });
      await page.screenshot({ name: 'language-completion-dark' });
      await page.press({ keys: 'Escape' });
    });
  });

  it('explains flags and values', async () => {
    const at = document(0).positionAt(highlighted.indexOf('otsu+k3i2') + 2);
    const [hover] = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document(0).uri, at);
    assert.match(hover.contents.map(plain).join('\n'), /3 classes of intensity/);
    await onPage(async (page) => {
      await page.hover({ selector: '.cell.code .view-line span > span', text: '--seg_method' });
      await page.see({ selector: '.monaco-hover', text: 'several are done side by side' });
      await page.screenshot({ name: 'language-hover-dark' });
    });
  });

  it('marks what is wrong, says so under the pointer, and mends it', async () => {
    const [problem] = await until('the problem is there', () => {
      const found = vscode.languages.getDiagnostics(document(1).uri);
      return found.length > 0 && found;
    });
    assert.match(problem.message, /no flag --seg_metod\. Did you mean --seg_method\?/);
    assert.equal(document(1).getText(problem.range), '--seg_metod');
    assert.equal(problem.severity, vscode.DiagnosticSeverity.Error);
    await onPage(async (page) => {
      await page.see({ selector: '.cell.code .squiggly-error' });
      await page.hover({ selector: '.cell.code .view-line span > span', text: '--seg_metod' });
      await page.see({ selector: '.monaco-hover', text: 'Did you mean --seg_method?' });
      await page.screenshot({ name: 'language-problem-dark' });
    });
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', document(1).uri, problem.range);
    const fix = actions.find((action) => action.title === 'Change to --seg_method');
    assert.ok(fix?.edit !== undefined, actions.map((action) => action.title).join(', '));
    await vscode.workspace.applyEdit(fix.edit);
    await until('the problem is gone', () => vscode.languages.getDiagnostics(document(1).uri).length === 0);
    assert.equal(document(1).getText(), 'spimquant bids out participant --seg_method th500');
  });

  it('judges options, and commands with them', async () => {
    const [problem] = await until('the problem is there', () => {
      const found = vscode.languages.getDiagnostics(document(2).uri).filter((each) => each.source === 'SPIMquant');
      return found.length > 0 && found;
    });
    assert.match(problem.message, /no option "registration_lvl"\. Did you mean registration_level\?/);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document(3).uri, new vscode.Range(new vscode.Position(0, 0), endOf(document(3))), 'spimquant group');
    await vscode.workspace.applyEdit(edit);
    await until('the command is whole', () => vscode.languages.getDiagnostics(document(3).uri).length === 0);
    const options = new vscode.WorkspaceEdit();
    options.replace(document(2).uri, new vscode.Range(new vscode.Position(0, 0), endOf(document(2))), 'bids_dir: bids\n');
    await vscode.workspace.applyEdit(options);
    await until('the output is missing', () => /Missing before group: the output/.test(vscode.languages.getDiagnostics(document(3).uri).at(0)?.message ?? ''));
  });

  it('offers a plan above runs, and nothing above others', async () => {
    const lenses = async (index: number): Promise<readonly string[]> => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document(index).uri, 10);
      return found.map((lens) => lens.command?.title ?? '');
    };
    assert.deepEqual(await lenses(1), ['Plan']);
    assert.deepEqual(await lenses(0), []);
  });

  it('is as legible on a light background', async () => {
    await vscode.workspace.getConfiguration().update('workbench.colorTheme', 'Default Light Modern', vscode.ConfigurationTarget.Global);
    await onPage(async (page) => {
      await page.see({ selector: '.monaco-workbench.vs' });
      await page.screenshot({ name: 'language-highlight-light' });
      // The group cell lacks its output since its options changed.
      await until('the lens is gone', async () => (await page.texts({ selector: '.cell.code .codelens-decoration', text: 'Plan' })).length === 1);
    });
  });
});
