import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { driverPort, type DriverCommands, type PageCommands } from '../../../scripts/editor/driver.types.ts';
import { currentPhase } from './phase.ts';

/** Calls a command of the driver, which holds the page. */
export async function callDriver<K extends keyof DriverCommands>(command: K, ...[argument]: Parameters<DriverCommands[K]>): Promise<Awaited<ReturnType<DriverCommands[K]>>> {
  const port = process.env[driverPort];
  if (port === undefined) throw new Error(`${driverPort} is not set: start the tests with npm run test:editor.`);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const call = request({ host: '127.0.0.1', port, method: 'POST' }, (response) => { text(response).then(resolve, reject); });
  call.on('error', reject);
  call.end(JSON.stringify({ command, argument }));
  const answer = JSON.parse(await promise) as { readonly value?: unknown; readonly error?: string };
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.value as Awaited<ReturnType<DriverCommands[K]>>;
}

const page: PageCommands = {
  see: (look) => callDriver('see', look),
  gone: (look) => callDriver('gone', look),
  texts: (look) => callDriver('texts', look),
  attribute: (look) => callDriver('attribute', look),
  style: (look) => callDriver('style', look),
  box: (look) => callDriver('box', look),
  pixels: (look) => callDriver('pixels', look),
  pixelGrid: (look) => callDriver('pixelGrid', look),
  click: (look) => callDriver('click', look),
  hover: (look) => callDriver('hover', look),
  scroll: (look) => callDriver('scroll', look),
  drag: (ends) => callDriver('drag', ends),
  press: (keys) => callDriver('press', keys),
  type: (typed) => callDriver('type', typed),
  resize: (size) => callDriver('resize', size),
  stored: (wanted) => callDriver('stored', wanted),
  copiedPicture: () => callDriver('copiedPicture'),
  screenshot: (name) => callDriver('screenshot', name),
};

// Every bundled suite has a copy of this module, and they count together.
const counter = globalThis as typeof globalThis & { spimquantBlindLooks?: number };

/** Looks at the page that were left out. */
export function blindLooks(): number {
  return counter.spimquantBlindLooks ?? 0;
}

/** Looks at the page, in an editor that has one to look at; elsewhere it is left out, and the summary says so. */
export async function onPage(look: (page: PageCommands) => Promise<unknown>): Promise<void> {
  if (currentPhase().page) await look(page);
  else counter.spimquantBlindLooks = blindLooks() + 1;
}
