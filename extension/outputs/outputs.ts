import * as vscode from 'vscode';
import { reveal } from '../panels/files.ts';
import { registerCommand } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part } from '../services.ts';
import { openOutputsCommand, outputsPanelType, type OutputsTools } from './outputs.types.ts';
import type { OutputsPanels } from './outputsPanels.ts';

/** Outputs of runs and folders in panels. What shows them is loaded with the first one. */
export const registerOutputs: Part = (services) => {
  const ends = new DisposableStore();
  const tools: OutputsTools = { choose: async (title) => (await import('./chooseSource.ts')).chooseSource(services, title), reveal };
  let loading: Promise<OutputsPanels> | undefined;
  const panels = (): Promise<OutputsPanels> => {
    loading ??= import('./outputsPanels.ts').then((module) => ends.add(new module.OutputsPanels(services, tools)));
    return loading;
  };
  ends.add(registerCommand(openOutputsCommand, services.log, async (target) => {
    const { chooseSource, sourceOf } = await import('./chooseSource.ts');
    const source = target === undefined ? await chooseSource(services, 'Open Outputs') : await sourceOf(services, target);
    if (source !== undefined) (await panels()).show(source);
  }));
  ends.add(vscode.window.registerWebviewPanelSerializer(outputsPanelType, {
    deserializeWebviewPanel: async (panel, state) => (await panels()).restore(panel, state),
  }));
  return ends;
};
