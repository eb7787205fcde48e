import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { onPage } from './driver.ts';
import { useTheme } from './theme.ts';

/** Size of the window of pictures that are not of a narrow one. */
const usual = { width: 1280, height: 800 } as const;

/** Takes a picture for the documentation. */
export function take(name: string): Promise<void> {
  return onPage((page) => page.screenshot({ name: `docs-${name}` }));
}

/** Makes the window as wide and high as wanted; nothing: as usual. */
export function resize(size: { readonly width: number; readonly height: number } = usual): Promise<void> {
  return onPage((page) => page.resize(size));
}

/** Leaves the window as the next suite expects it. */
export async function tidy(): Promise<void> {
  await useTheme('dark');
  await resize();
}

/** A folder for the data of a suite that takes pictures, which leaves no editor open and no data behind. Answers it once the suite has begun. */
export function picturesFolder(): () => string {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spimquant-pictures-'));
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await tidy();
    await rm(folder, { recursive: true, force: true });
  });
  return () => folder;
}
