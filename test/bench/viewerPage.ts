import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { RunnerClient } from '../../extension/runner-client/client.types.ts';
import { reportError } from '../../runner/protocol/errors.ts';
import type { ImageRef } from '../../runner/protocol/imageView.ts';
import type { Requests } from '../../runner/protocol/rpc.ts';
import { launchBrowser } from '../../scripts/editor/session.ts';

const bundles = fileURLToPath(new URL('../../dist/webviews/', import.meta.url));
const mebibyte = 1024 * 1024;
/** Memory that the page is allowed, MiB. */
const limit = 300;
/** Slices between two looks at the memory. */
const lookEvery = 8;

/** What the page of the viewer takes in a browser, MiB: peaks over all looks. */
export interface PageMemory {
  readonly slices: number;
  /** Objects of the page's scripts and the bytes of its arrays. */
  readonly heap: number;
  /** Resident memory of the browser's process with the page, and of the same process with an empty page. */
  readonly resident: number;
  readonly residentEmpty: number;
  /** Resident memory at the end, when the browser has collected its garbage. */
  readonly residentCollected: number;
}

/** Stands in for the editor: the page's messages go out by fetch, and what is answered comes back with its bytes behind it. */
const editorInPage = `
const keep = {};
window.acquireVsCodeApi = () => ({
  getState: () => keep.state,
  setState: (state) => { keep.state = state; },
  postMessage: async (message) => {
    const answer = new Uint8Array(await (await fetch('/message', { method: 'POST', body: JSON.stringify(message) })).arrayBuffer());
    const length = new DataView(answer.buffer).getUint32(0);
    const messages = JSON.parse(new TextDecoder().decode(answer.subarray(4, 4 + length)));
    const bytes = answer.slice(4 + length);
    for (const each of messages) {
      if (each.answer !== undefined) each.answer.bytes = bytes;
      if (each.result !== undefined) each.result.bytes = bytes;
      window.postMessage(each);
    }
  },
});
`;

function send(response: ServerResponse, messages: readonly object[], bytes: Uint8Array = new Uint8Array(0)): void {
  const json = Buffer.from(JSON.stringify(messages, (name, value: unknown) => (name === 'bytes' ? undefined : value)));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(json.length);
  response.end(Buffer.concat([head, json, bytes]));
}

/** What the page says. It asks for other things too, which have no bytes, or are answered alike. */
interface FromPage {
  readonly type: string;
  readonly id: number;
  readonly name: 'image.piece';
  readonly params: Requests['image.piece']['params'];
}

/**
 * Scrolls through an image at its finest level in the viewer's own page, in a real browser, and measures the browser's
 * process. Rejects when its heap takes more than 300 MiB.
 */
export async function measurePage(client: RunnerClient, image: ImageRef, size: readonly [number, number, number], slices: number): Promise<PageMemory> {
  const questions = new Map<number, AbortController>();
  const first = Math.floor((size[2] - slices) / 2);
  const kept = { layout: 'axial', level: 0, zoom: 4, position: [Math.floor(size[0] / 2), Math.floor(size[1] / 2), first], panel: false };
  const hear = async (message: FromPage, response: ServerResponse): Promise<void> => {
    if (message.type === 'ready') {
      const answer = await client.request('image.open', { image, pixels: 512, channels: 1 });
      send(response, [{ type: 'show', image, title: 'bench', place: { canSegment: true }, kept }, { type: 'opened', answer }], answer.bytes);
    } else if (message.type === 'ask') {
      const abort = new AbortController();
      questions.set(message.id, abort);
      try {
        const result = await client.request(message.name, message.params, { signal: abort.signal });
        send(response, [{ type: 'answer', id: message.id, result }], result.bytes);
      } catch (error) {
        send(response, [{ type: 'failure', id: message.id, error: reportError(error) }]);
      } finally {
        questions.delete(message.id);
      }
    } else {
      if (message.type === 'cancel') questions.get(message.id)?.abort();
      send(response, []);
    }
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === '/message') return hear(JSON.parse(await text(request)) as FromPage, response);
    if (request.url?.endsWith('.js') === true) {
      response.setHeader('content-type', 'text/javascript');
      response.end(await readFile(join(bundles, request.url.replace(/\.\.|\?.*/g, ''))));
      return;
    }
    response.setHeader('content-type', 'text/html');
    response.end(request.url === '/empty' ? '<!DOCTYPE html>' : `<!DOCTYPE html><body><main id="page"></main><script>${editorInPage}</script><script type="module" src="/image.js"></script>`);
  };
  const server = createServer((request, response) => { serve(request, response).catch(() => { response.destroy(); }); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1024 } });
    await page.goto(`${origin}/empty`);
    const system = await browser.newBrowserCDPSession();
    const scripts = await page.context().newCDPSession(page);
    const resident = async (): Promise<number> => {
      const { processInfo } = await system.send('SystemInfo.getProcessInfo');
      const sizes = await Promise.all(processInfo.filter(({ type }) => type === 'renderer').map(async ({ id }) => Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${id}/status`, 'utf8').catch(() => ''))?.[1] ?? 0)));
      return Math.max(...sizes) / 1024;
    };
    const heap = async (): Promise<number> => {
      const usage = await scripts.send('Runtime.getHeapUsage') as { readonly usedSize: number; readonly embedderHeapUsedSize?: number; readonly backingStorageSize?: number };
      return (usage.usedSize + (usage.embedderHeapUsedSize ?? 0) + (usage.backingStorageSize ?? 0)) / mebibyte;
    };
    const residentEmpty = await resident();
    await page.goto(origin);
    const frame = page.locator('.frame[data-plane="axial"]');
    await frame.waitFor({ timeout: 60_000 });
    await frame.focus();
    const peak = { heap: 0, resident: 0 };
    const before = await sliceWhenWhole(page, undefined);
    let slice = before;
    for (let i = 1; i <= slices; i++) {
      await page.keyboard.press('ArrowUp');
      slice = await sliceWhenWhole(page, slice);
      if (i % lookEvery !== 0) continue;
      peak.heap = Math.max(peak.heap, await heap());
      peak.resident = Math.max(peak.resident, await resident());
    }
    if (peak.heap > limit) throw new Error(`The page took ${peak.heap.toFixed(0)} MiB, more than ${limit} MiB.`);
    const level = await frame.getAttribute('data-level');
    if (level !== null && level !== '0') throw new Error(`The page showed level ${level}.`);
    await scripts.send('HeapProfiler.collectGarbage');
    return { slices: Math.abs(slice - before), ...peak, residentEmpty, residentCollected: await resident() };
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}

/** Waits until another slice than the last is shown with all its voxels; its number. */
async function sliceWhenWhole(page: Page, last: number | undefined): Promise<number> {
  const found = await page.waitForFunction((old) => {
    const frame = document.querySelector<HTMLElement>('.frame[data-plane="axial"]');
    const slice = Number(frame?.getAttribute('aria-valuenow'));
    return frame?.dataset['state'] === 'whole' && frame.getAttribute('aria-busy') === 'false' && slice !== old ? slice : false;
  }, last, { timeout: 120_000, polling: 20 });
  return Number(await found.jsonValue());
}
