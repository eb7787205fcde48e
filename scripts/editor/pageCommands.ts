import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Frame, Locator, Page } from 'playwright-core';
import type { Look, PageCommands, Pixel } from './driver.types.ts';

const defaultTimeoutMs = 20_000;
const pollMs = 50;
/** Time in which the text of something that is there is read. */
const goneMs = 1000;
/** Time in which a menu closes after a click that it has taken. */
const menuMs = 1000;

/** The commands on a page that may change, as it does when a window is closed and opened. */
export function pageCommands(current: () => Page, pictures: string): PageCommands {
  return {
    see: (look) => onFirst(current(), look, async (found) => (await found.textContent()) ?? ''),
    gone: (look) => poll(look, async () => ((await visible(current(), look)).length === 0 ? { value: null } : undefined), () => 'it is still there'),
    texts: async (look) => {
      // What has gone away since it was found, as a dialog that was answered, is not there.
      const texts = await Promise.all((await visible(current(), look)).map((found) => found.textContent({ timeout: goneMs }).catch(() => undefined)));
      return texts.filter((text) => text !== undefined).map((text) => text ?? '');
    },
    attribute: (look) => onFirst(current(), look, (found) => found.getAttribute(look.name)),
    style: (look) => onFirst(current(), look, (found) => found.evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), look.property)),
    box: (look) => onFirst(current(), look, async (found) => {
      const box = await found.boundingBox();
      if (box === null) throw new Error('It has no box.');
      return box;
    }),
    pixels: (look) => onFirst(current(), look, async (found) => {
      const drawn = await found.evaluate(readCanvas, look.at);
      return drawn ?? found.evaluate(readPicture, { picture: (await found.screenshot()).toString('base64'), at: look.at });
    }),
    pixelGrid: (look) => onFirst(current(), look, (found) => found.evaluate(samplePixels, { columns: look.columns, rows: look.rows })),
    click: (look) => onFirst(current(), look, async (found) => {
      await found.click({ button: look.button ?? 'left', clickCount: look.times ?? 1, timeout: 5000 });
      // A menu that has just opened takes no click yet, and stays: it is clicked again.
      if (look.selector.includes('.monaco-menu')) await found.waitFor({ state: 'hidden', timeout: menuMs });
      return null;
    }),
    hover: (look) => onFirst(current(), look, async (found) => { await found.hover({ timeout: 5000 }); return null; }),
    scroll: (look) => onFirst(current(), look, async (found) => {
      await found.hover({ timeout: 5000 });
      await current().mouse.wheel(0, look.by);
      return null;
    }),
    drag: ({ from, to }) => onFirst(current(), from, async (start) => onFirst(current(), to, async (end) => { await start.dragTo(end); return null; })),
    press: async ({ keys }) => { await current().keyboard.press(keys); return null; },
    type: async ({ text }) => { await write(current(), text); return null; },
    resize: async (size) => { await current().setViewportSize(size); return null; },
    stored: async ({ key, texts, timeoutMs }) => {
      let last = '';
      return poll({ selector: `stored ${key}`, timeoutMs }, async () => {
        last = await current().evaluate(readStored, key);
        return texts.every((text) => last.includes(text)) ? { value: null } : undefined;
      }, () => `there is: ${last.slice(0, 2000)}`);
    },
    copiedPicture: async () => {
      await current().context().grantPermissions(['clipboard-read', 'clipboard-write']);
      return poll({ selector: 'a picture in the clipboard' }, async () => {
        const value = await current().evaluate(readCopiedPicture);
        return value === undefined ? undefined : { value };
      }, () => 'there is none');
    },
    screenshot: async ({ name }) => {
      await mkdir(pictures, { recursive: true });
      const path = join(pictures, `${name}.png`);
      await current().screenshot({ path });
      return path;
    },
  };
}

/** The line of a question at the top of the window. */
const questionLine = '.quick-input-widget .quick-input-filter input';
/** Time in which keys that were pressed are in the line. */
const keysMs = 1000;

/**
 * Writes as a user does, who sees whether it arrives: a question that has just come up may not have the keyboard yet on a busy
 * machine, or lose it to a panel that opens at the same moment.
 */
async function write(page: Page, text: string): Promise<void> {
  const line = page.locator(questionLine).filter({ visible: true }).first();
  if (!await line.isVisible()) {
    await page.keyboard.type(text);
    return;
  }
  await line.focus();
  const expected = await line.evaluate((element, added) => {
    const { value, selectionStart, selectionEnd } = element as HTMLInputElement;
    return value.slice(0, selectionStart ?? value.length) + added + value.slice(selectionEnd ?? value.length);
  }, text);
  await page.keyboard.type(text);
  const deadline = performance.now() + keysMs;
  while (await line.inputValue() !== expected) {
    if (performance.now() > deadline) {
      await line.fill(expected);
      return;
    }
    await delay(pollMs);
  }
}

type Points = readonly (readonly [number, number])[];

/** In the page: what a canvas was drawn with; undefined: it is not one that keeps it. */
function readCanvas(element: Element, at: Points): readonly Pixel[] | undefined {
  if (!(element instanceof HTMLCanvasElement)) return undefined;
  const context = element.getContext('2d');
  if (context === null) return undefined;
  const { width, height } = element.getBoundingClientRect();
  return at.map(([x, y]) => {
    const [red, green, blue] = context.getImageData(Math.floor((x * element.width) / width), Math.floor((y * element.height) / height), 1, 1).data;
    return [red, green, blue];
  });
}

/** In the page: the colours of a picture of an element, as it was seen. */
async function readPicture(element: Element, { picture, at }: { readonly picture: string; readonly at: Points }): Promise<readonly Pixel[]> {
  const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  if (context === null) throw new Error('The page cannot draw.');
  context.drawImage(bitmap, 0, 0);
  const { width, height } = element.getBoundingClientRect();
  return at.map(([x, y]) => {
    const [red, green, blue] = context.getImageData(Math.floor((x * bitmap.width) / width), Math.floor((y * bitmap.height) / height), 1, 1).data;
    return [red, green, blue];
  });
}

/** Runs in the page. */
function samplePixels(element: Element, { columns, rows }: { readonly columns: number; readonly rows: number }): (readonly [number, number, number])[] {
  if (!(element instanceof HTMLCanvasElement || element instanceof HTMLImageElement)) throw new Error('It is neither a canvas nor a picture.');
  const [width, height] = element instanceof HTMLImageElement ? [element.naturalWidth, element.naturalHeight] : [element.width, element.height];
  const copy = document.createElement('canvas');
  copy.width = width;
  copy.height = height;
  const drawing = copy.getContext('2d');
  if (drawing === null || width === 0 || height === 0) throw new Error('There is no picture yet.');
  drawing.drawImage(element, 0, 0);
  const { data } = drawing.getImageData(0, 0, width, height);
  return Array.from({ length: columns * rows }, (_, i) => {
    const x = Math.floor((((i % columns) + 0.5) / columns) * width);
    const y = Math.floor(((Math.floor(i / columns) + 0.5) / rows) * height);
    const at = 4 * (y * width + x);
    return [data[at], data[at + 1], data[at + 2]] as const;
  });
}

function framesOf(page: Page, inside: Look['inside']): readonly Frame[] {
  return inside === 'frames' ? page.frames().filter((frame) => frame !== page.mainFrame()) : [page.mainFrame()];
}

/** Everything visible that matches, in the order of frames and elements. */
async function visible(page: Page, look: Look): Promise<readonly Locator[]> {
  const found: Locator[] = [];
  for (const frame of framesOf(page, look.inside)) {
    try {
      const matching = frame.locator(look.selector, look.text === undefined ? {} : { hasText: look.text }).filter({ visible: true });
      found.push(...await matching.all());
    } catch (error) {
      // A frame that goes away while it is asked has nothing to show.
      if (!frame.isDetached() && !/detached|navigat|context was destroyed/i.test((error as Error).message)) throw error;
    }
  }
  return found;
}

/** Waits for what is looked for and does something with it; tries again when the page redraws it meanwhile. */
async function onFirst<T>(page: Page, look: Look, use: (found: Locator) => Promise<T>): Promise<T> {
  let last: unknown;
  return poll(look, async () => {
    const found = (await visible(page, look))[look.nth ?? 0];
    if (found === undefined) return undefined;
    try {
      return { value: await use(found) };
    } catch (error) {
      last = error;
      return undefined;
    }
  }, async () => {
    if (last instanceof Error) return last.message;
    const there = await visible(page, { selector: look.selector, inside: look.inside });
    const texts = await Promise.all(there.slice(0, 12).map((found) => found.textContent().catch(() => '')));
    return there.length === 0 ? 'nothing matches the selector' : `there is: ${texts.map((text) => JSON.stringify((text ?? '').slice(0, 200))).join(', ')}`;
  });
}

async function poll<T>(look: Look, attempt: () => Promise<{ readonly value: T } | undefined>, instead: () => string | Promise<string>): Promise<T> {
  const deadline = performance.now() + (look.timeoutMs ?? defaultTimeoutMs);
  for (;;) {
    const found = await attempt();
    if (found !== undefined) return found.value;
    if (performance.now() > deadline) {
      const wanted = look.text === undefined ? look.selector : `${look.selector} with "${look.text}"`;
      throw new Error(`Waited in vain for ${wanted} in the ${look.inside ?? 'page'}: ${await instead()}`);
    }
    await delay(pollMs);
  }
}

/** The size of the picture in the clipboard. Runs in the page. */
async function readCopiedPicture(): Promise<{ readonly width: number; readonly height: number } | undefined> {
  const item = (await navigator.clipboard.read()).find(({ types }) => types.includes('image/png'));
  if (item === undefined) return undefined;
  const { width, height } = await createImageBitmap(await item.getType('image/png'));
  return { width, height };
}

/** What the editor has written below a key into the browser's databases of its workspaces, one after another. Runs in the page. */
async function readStored(key: string): Promise<string> {
  const answer = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
    request.onsuccess = () => { resolve(request.result); };
    request.onerror = () => { reject(new Error(request.error?.message)); };
  });
  const found: string[] = [];
  for (const { name } of await indexedDB.databases()) {
    if (name?.startsWith('vscode-web-state-db-') !== true) continue;
    const database = await answer(indexedDB.open(name));
    try {
      for (const table of database.objectStoreNames) found.push(String(await answer(database.transaction(table).objectStore(table).get(key)) ?? ''));
    } finally {
      database.close();
    }
  }
  return found.join('\n');
}
