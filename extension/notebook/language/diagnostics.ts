import * as vscode from 'vscode';
import { diagnose, diagnoseOptions } from '../../../runner/command/assist/diagnose.ts';
import type { Diagnosis } from '../../../runner/command/assist/diagnose.ts';
import { DisposableStore } from '../../platform/lifecycle.ts';
import { commandDocuments, isOptions, isWatched, notebookOf, optionsDocuments, optionsFor, rangeOf } from './cells.ts';

/** Milliseconds without typing after which a cell is judged. */
const pause = 250;

const severities: Readonly<Record<Diagnosis['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};

function judge(document: vscode.TextDocument): readonly Diagnosis[] {
  return isOptions(document) ? diagnoseOptions(document.getText()) : diagnose(document.getText(), { options: optionsFor(document) });
}

/** Judges commands and options as they are typed, and offers what mends them. */
export function registerDiagnostics(): vscode.Disposable {
  const ends = new DisposableStore();
  ends.add(new Judge());
  const fixes: vscode.CodeActionProvider = { provideCodeActions };
  const about: vscode.CodeActionProviderMetadata = { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] };
  ends.add(vscode.languages.registerCodeActionsProvider(commandDocuments, fixes, about));
  ends.add(vscode.languages.registerCodeActionsProvider(optionsDocuments, fixes, about));
  return ends;
}

function provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
  return judge(document).flatMap((each) => {
    if (each.fix === undefined || rangeOf(document, each).intersection(range) === undefined) return [];
    const action = new vscode.CodeAction(each.fix.title, vscode.CodeActionKind.QuickFix);
    action.edit = new vscode.WorkspaceEdit();
    action.edit.replace(document.uri, rangeOf(document, each.fix), each.fix.text);
    action.diagnostics = [diagnostic(document, each)];
    action.isPreferred = true;
    return [action];
  });
}

function diagnostic(document: vscode.TextDocument, each: Diagnosis): vscode.Diagnostic {
  const made = new vscode.Diagnostic(rangeOf(document, each), each.hint === undefined ? each.message : `${each.message}\n${each.hint}`, severities[each.severity]);
  made.source = 'SPIMquant';
  return made;
}

/** Keeps the problems of every open document in step with its text and with the options cells above it. */
class Judge implements vscode.Disposable {
  readonly #ends = new DisposableStore();
  readonly #problems = this.#ends.add(vscode.languages.createDiagnosticCollection('spimquant'));
  readonly #waiting = new Map<vscode.TextDocument, NodeJS.Timeout>();

  constructor() {
    this.#ends.add(vscode.workspace.onDidOpenTextDocument((document) => { this.#judgeWith(document); }));
    this.#ends.add(vscode.workspace.onDidChangeTextDocument(({ document }) => { this.#later(document); }));
    this.#ends.add(vscode.workspace.onDidCloseTextDocument((document) => { this.#forget(document); }));
    this.#ends.add(vscode.workspace.onDidChangeNotebookDocument(({ notebook, contentChanges }) => {
      if (contentChanges.length > 0) for (const cell of notebook.getCells()) this.#later(cell.document);
    }));
    for (const document of vscode.workspace.textDocuments) this.#judgeOne(document);
  }

  dispose(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#ends.dispose();
  }

  #later(document: vscode.TextDocument): void {
    if (!isWatched(document)) return;
    clearTimeout(this.#waiting.get(document));
    this.#waiting.set(document, setTimeout(() => {
      this.#waiting.delete(document);
      this.#judgeWith(document);
    }, pause));
  }

  /** Judges a document, and what depends on it. */
  #judgeWith(document: vscode.TextDocument): void {
    this.#judgeOne(document);
    if (!isOptions(document)) return;
    for (const cell of notebookOf(document)?.getCells() ?? []) if (cell.document !== document) this.#judgeOne(cell.document);
  }

  #judgeOne(document: vscode.TextDocument): void {
    if (document.isClosed || !isWatched(document)) {
      // A cell may have changed its language.
      this.#problems.delete(document.uri);
      return;
    }
    this.#problems.set(document.uri, judge(document).map((each) => diagnostic(document, each)));
  }

  #forget(document: vscode.TextDocument): void {
    clearTimeout(this.#waiting.get(document));
    this.#waiting.delete(document);
    this.#problems.delete(document.uri);
  }
}
