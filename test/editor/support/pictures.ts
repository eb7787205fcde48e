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
