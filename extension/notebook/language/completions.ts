import * as vscode from 'vscode';
import { complete } from '../../../runner/command/assist/complete.ts';
import type { Completion, Completions } from '../../../runner/command/assist/complete.ts';
import { completeOptions } from '../../../runner/command/assist/completeOptions.ts';
import type { Services } from '../../services.ts';
import { signalOf } from '../../platform/lifecycle.ts';
import { commandDocuments, isOptions, optionsDocuments, optionsFor, rangeOf } from './cells.ts';
import { dataItems } from './data.ts';

const kinds: Readonly<Record<Completion['kind'], vscode.CompletionItemKind>> = {
  program: vscode.CompletionItemKind.Module,
  verb: vscode.CompletionItemKind.Function,
  level: vscode.CompletionItemKind.Keyword,
  flag: vscode.CompletionItemKind.Property,
  switch: vscode.CompletionItemKind.Field,
  value: vscode.CompletionItemKind.Value,
  method: vscode.CompletionItemKind.Method,
  dataset: vscode.CompletionItemKind.Reference,
  folder: vscode.CompletionItemKind.Folder,
  file: vscode.CompletionItemKind.File,
  participant: vscode.CompletionItemKind.User,
  stain: vscode.CompletionItemKind.Color,
  column: vscode.CompletionItemKind.Field,
  run: vscode.CompletionItemKind.Event,
};

/** Completion of commands and of options cells. */
export function registerCompletions(services: Services): vscode.Disposable {
  const provider: vscode.CompletionItemProvider = {
    provideCompletionItems: async (document, position, token, { triggerKind, triggerCharacter }) => {
      const offset = document.offsetAt(position);
      const options = isOptions(document);
      const found = options ? completeOptions(document.getText(), offset) : complete(document.getText(), offset, { options: optionsFor(document) });
      if (found === undefined) return undefined;
      // A blank opens the list only for words that belong there: flags would come up behind every word.
      const spaced = triggerKind === vscode.CompletionTriggerKind.TriggerCharacter && triggerCharacter === ' ';
      const own = spaced && !options ? found.items.filter((item) => item.kind !== 'flag' && item.kind !== 'switch') : found.items;
      const data = await dataItems(services, found, signalOf(token));
      if (token.isCancellationRequested) return undefined;
      // What the runner knows depends on what is typed: it is asked again.
      return new vscode.CompletionList([...data.items, ...own].map((item) => itemOf(item, found, document, offset)), found.requests.length > 0);
    },
  };
  return vscode.Disposable.from(
    vscode.languages.registerCompletionItemProvider(commandDocuments, provider, '-', '/', '=', ' ', '"', "'"),
    vscode.languages.registerCompletionItemProvider(optionsDocuments, provider, '/', ' ', '['),
  );
}

function itemOf(item: Completion, { start, end }: Completions, document: vscode.TextDocument, offset: number): vscode.CompletionItem {
  const label: vscode.CompletionItemLabel = {
    label: item.label, ...(item.usage === undefined ? {} : { detail: ` ${item.usage}` }), ...(item.detail === undefined ? {} : { description: item.detail }),
  };
  const made = new vscode.CompletionItem(label, kinds[item.kind]);
  made.insertText = item.insert;
  made.filterText = item.filter;
  made.sortText = item.sort;
  made.range = { inserting: rangeOf(document, { start, end: offset }), replacing: rangeOf(document, { start, end }) };
  if (item.documentation !== undefined) made.documentation = item.documentation;
  if (item.more) made.command = { command: 'editor.action.triggerSuggest', title: 'Suggest' };
  return made;
}
