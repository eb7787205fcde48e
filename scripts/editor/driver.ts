// Answers what suites in the extension host ask, on a loopback port that they learn from their environment.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DriverCommands, HostCommands, PageCommands } from './driver.types.ts';

export interface Driver extends AsyncDisposable {
  readonly port: number;
}

/** @param page - undefined in an editor whose page cannot be reached */
export async function startDriver(host: HostCommands, page: PageCommands | undefined): Promise<Driver> {
  const commands: Partial<DriverCommands> = { ...page, ...host };
  const server = createServer((request, response) => {
    void answer(commands, request).then((body) => response.end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(commands: Partial<DriverCommands>, request: IncomingMessage): Promise<string> {
  try {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { command, argument } = JSON.parse(body) as { command: keyof DriverCommands; argument: unknown };
    const run = commands[command] as ((argument: unknown) => Promise<unknown>) | undefined;
    if (run === undefined) throw new Error(`This editor cannot do "${command}".`);
    return JSON.stringify({ value: await run(argument) });
  } catch (error) {
    return JSON.stringify({ error: error instanceof Error ? error.message : String(error) });
  }
}
