import * as vscode from 'vscode';
import { registerCommand } from '../platform/commands.ts';
import { DisposableStore } from '../platform/lifecycle.ts';
import type { Part } from '../services.ts';
import type { ImageViews } from './imageViews.ts';
import { openImageCommand } from './openImage.types.ts';
import { imageEditorType, imagePanelType, type ViewerTools } from './viewer.types.ts';

/** Images in editors and panels. What shows them is loaded with the first one. */
export const registerViewer: Part = (services) => {
  const ends = new DisposableStore();
  const tools: ViewerTools = {
    askAddress: async (question) => {
      const { pickPath } = await import('../forms/pickPath.ts');
      const picked = await pickPath(services, { ...question, files: true });
      return picked.kind === 'picked' ? picked.value : undefined;
    },
    putThreshold: async (found) => (await import('./thresholdCell.ts')).putThreshold(found),
  };
  let loading: Promise<ImageViews> | undefined;
  const views = (): Promise<ImageViews> => {
    loading ??= import('./imageViews.ts').then((module) => ends.add(new module.ImageViews(services, tools)));
    return loading;
  };
  ends.add(registerCommand(openImageCommand, services.log, async (request) => (await views()).open(request)));
  for (const command of ['reset', 'screenshot', 'threshold'] as const) {
    ends.add(registerCommand(`spimquant.image.${command}`, services.log, async () => (await views()).tell(command)));
  }
  ends.add(vscode.window.registerCustomEditorProvider(imageEditorType, {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: async ({ uri }: vscode.CustomDocument, panel) => (await views()).adoptEditor(uri, panel),
  }));
  ends.add(vscode.window.registerWebviewPanelSerializer(imagePanelType, {
    deserializeWebviewPanel: async (panel, state) => (await views()).restore(panel, state),
  }));
  return ends;
};
