import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { protocolVersion } from '../../../runner/protocol/rpc.ts';
import { serveConnection } from '../../../runner/server/connection.ts';

const token = 'a'.repeat(64);

/** Keeps this process busy for so many milliseconds after every step that it takes, as a machine under load does, until told to stop. */
function beBusy(milliseconds: number): () => void {
  let over = false;
  const step = (): void => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    if (!over) setImmediate(step);
  };
  setImmediate(step);
  return () => { over = true; };
}

describe('the refusal of a stranger by the runner', function () {
  this.timeout(30_000);
  let folder: string;
  const logged: string[] = [];
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'refusal-')); });
  afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

  /** What a stranger hears that says these requests, until the connection has ended. */
  async function hear(requests: readonly { readonly method: string; readonly params: object }[]): Promise<string> {
    const socketPath = join(folder, 's.sock');
    const welcome = { protocol: protocolVersion, version: '0', build: '', serverId: 'x', pid: 1 };
    let rest = (): void => undefined;
    const server = createServer((socket) => {
      serveConnection(socket, { token, welcome, env: {}, log: (_level, message) => { logged.push(message); }, admit: (caller) => { caller.handle('runner.ping', () => null); } });
      // Behind each step of the connection: what it does then waits, and timers come before it.
      socket.once('data', () => { rest = beBusy(40); });
    });
    await new Promise<void>((resolve) => { server.listen(socketPath, resolve); });
    try {
      const stranger = connect(socketPath);
      let heard = '';
      stranger.on('data', (bytes: Buffer) => { heard += bytes.toString(); });
      stranger.on('error', () => undefined);
      for (const [id, request] of requests.entries()) {
        const body = JSON.stringify({ jsonrpc: '2.0', id, ...request });
        stranger.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      }
      await new Promise((resolve) => stranger.once('close', resolve));
      return heard;
    } finally {
      rest();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  it('reaches it before the connection ends, on a busy machine too', async () => {
    const heard = await hear([{ method: 'runs.list', params: { limit: 10 } }]);
    assert.match(heard, /Say hello first/);
    assert.ok(logged.some((message) => message.includes('asked runs.list before hello')));
  });

  it('says that the token is wrong, and the connection ends for one that was let in before too', async () => {
    const hello = (theirs: string) => ({ method: 'hello', params: { protocol: protocolVersion, version: '0', build: '', token: theirs } });
    assert.match(await hear([hello('b'.repeat(64))]), /The token is wrong/);
    const heard = await hear([hello(token), hello('b'.repeat(64))]);
    assert.match(heard, /"serverId":"x"/);
    assert.match(heard, /The token is wrong/);
  });
});
