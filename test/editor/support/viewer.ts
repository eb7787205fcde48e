// Steps with the viewer of images, as a user takes them.
import * as vscode from 'vscode';
import type { OpenImageRequest } from '../../../extension/viewer/openImage.types.ts';
import type { PageCommands } from '../../../scripts/editor/driver.types.ts';
import { until } from './until.ts';

const inside = 'frames' as const;

export async function openImage(request: OpenImageRequest): Promise<void> {
  await vscode.commands.executeCommand('spimquant.image.openAddress', request);
}

/** Waits until all panes show all that they have to. */
export async function seeWhole(page: PageCommands): Promise<void> {
  for (const plane of ['axial', 'coronal', 'sagittal']) await page.see({ selector: `.frame[data-plane="${plane}"][data-state="whole"][aria-busy="false"]`, inside, timeoutMs: 60_000 });
}

/** Puts the keyboard into the page without moving anything. */
export async function focusPage(page: PageCommands): Promise<void> {
  await page.click({ selector: '.side section[aria-label="View"] h2', inside });
}

/** Writes a number into a field of the panel. */
export async function setNumber(page: PageCommands, label: string, value: number): Promise<void> {
  await page.click({ selector: `input[type="number"][aria-label="${label}"]`, inside, times: 3 });
  await page.type({ text: String(value) });
  await page.press({ keys: 'Enter' });
  await focusPage(page);
}

/** Number of the slice that a pane shows, counted from 1. */
export async function sliceOf(page: PageCommands, plane: string): Promise<number> {
  return Number(await page.attribute({ selector: `.frame[data-plane="${plane}"]`, inside, name: 'aria-valuenow' }));
}

/** Waits until an attribute of something is as wanted. */
export async function seeAttribute(page: PageCommands, selector: string, name: string, wanted: string): Promise<void> {
  let last: string | null = null;
  await until(`${selector} has ${name}="${wanted}"`, async () => {
    last = await page.attribute({ selector, inside, name });
    return last === wanted;
  }).catch((error: unknown) => { throw new Error(`${(error as Error).message}: it is "${last}"`); });
}
