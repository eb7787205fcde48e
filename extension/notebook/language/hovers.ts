import * as vscode from 'vscode';
import { hover, hoverOptions } from '../../../runner/command/assist/hover.ts';
import type { HoverText } from '../../../runner/command/assist/hover.ts';
import { commandLanguage, optionsLanguage } from '../ids.ts';
import { commandDocuments, isOptions, optionsDocuments, rangeOf } from './cells.ts';

/** What verbs, flags and values mean, under the pointer. */
export function registerHovers(): vscode.Disposable {
  const provider: vscode.HoverProvider = {
    provideHover(document, position) {
      const offset = document.offsetAt(position);
      const options = isOptions(document);
      const found = options ? hoverOptions(document.getText(), offset) : hover(document.getText(), offset);
      return found === undefined ? undefined : new vscode.Hover(markdown(found, options ? optionsLanguage : commandLanguage), rangeOf(document, found));
    },
  };
  return vscode.Disposable.from(vscode.languages.registerHoverProvider(commandDocuments, provider), vscode.languages.registerHoverProvider(optionsDocuments, provider));
}

/** Plain text in markup. `appendText` would forbid every line break. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!<>|~]/g, '\\$&');
}

function markdown({ code, paragraphs, facts }: HoverText, language: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString().appendCodeblock(code, language);
  for (const paragraph of paragraphs) text.appendMarkdown(`${escaped(paragraph)}\n\n`);
  for (const { label, value } of facts) text.appendMarkdown(`**${label}:** ${escaped(value)}  \n`);
  return text;
}
