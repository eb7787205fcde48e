import type * as vscode from 'vscode';
import { registerDatasets } from './explorer/datasets.ts';
import { registerResources } from './explorer/resources.ts';
import { registerRuns } from './explorer/runs.ts';
import { registerForms } from './forms/forms.ts';
import { registerLanguage } from './notebook/language/language.ts';
import { registerNotebooks } from './notebook/notebooks.ts';
import { createServices } from './platform/createServices.ts';

/** Called by the editor on first use. */
export function activate(context: vscode.ExtensionContext): void {
  const services = createServices(context);
  for (const register of [registerDatasets, registerRuns, registerResources, registerForms, registerNotebooks, registerLanguage]) {
    context.subscriptions.push(register(services));
  }
}
