import * as vscode from 'vscode';
import { onPage } from './driver.ts';

/** Themes by what they are for, with the class that the workbench has under them. */
const themes = {
  dark: { name: 'Default Dark Modern', mark: 'vs-dark' },
  light: { name: 'Default Light Modern', mark: 'vs' },
  highContrast: { name: 'Default High Contrast', mark: 'hc-black' },
} as const;

/** Changes the colours and waits until they show. */
export async function useTheme(kind: keyof typeof themes): Promise<void> {
  const { name, mark } = themes[kind];
  await vscode.workspace.getConfiguration().update('workbench.colorTheme', name, vscode.ConfigurationTarget.Global);
  await onPage((page) => page.see({ selector: `.monaco-workbench.${mark}` }));
}
