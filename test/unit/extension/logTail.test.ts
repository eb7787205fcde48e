import assert from 'node:assert/strict';
import { LogTail } from '../../../extension/runs/logTail.ts';
import type { LogChunk } from '../../../runner/protocol/rpc.ts';

/** A log of which some lines are there: event n is line n. */
function growingLog(): { readonly lines: string[]; over: boolean; readonly asked: number[]; read(from: number, limit: number): Promise<LogChunk> } {
  return {
    lines: [], over: false, asked: [],
    read(from, limit) {
      this.asked.push(from);
      const some = this.lines.slice(from, from + limit);
      const next = from + some.length;
      return Promise.resolve({ text: some.map((line) => `${line}\n`).join(''), next, over: this.over && next === this.lines.length });
    },
  };
}

describe('The end of a log', () => {
  it('grows with the run and ends with it', async () => {
    const log = growingLog();
    const tail = new LogTail((from, limit) => log.read(from, limit), 0);
    log.lines.push('one', 'two');
    assert.equal(await tail.advance(), true);
    assert.equal(tail.text, 'one\ntwo\n');
    assert.equal(await tail.advance(), false);
    log.lines.push('three');
    log.over = true;
    assert.equal(await tail.advance(), true);
    assert.equal(tail.text, 'one\ntwo\nthree\n');
    assert.equal(tail.over, true);
    const asked = log.asked.length;
    assert.equal(await tail.advance(), false);
    assert.equal(log.asked.length, asked);
  });

  it('of a long run is bounded and says what it leaves out', async () => {
    const log = growingLog();
    for (let i = 0; i < 300_000; i++) log.lines.push(`line ${i}`);
    log.over = true;
    const tail = new LogTail((from, limit) => log.read(from, limit), log.lines.length);
    await tail.advance();
    assert.equal(log.asked[0], 100_000);
    const lines = tail.text.split('\n');
    assert.equal(lines.length, 50_002);
    assert.match(lines[0], /Earlier lines are left out/);
    assert.equal(lines[1], 'line 250000');
    assert.equal(lines.at(-2), 'line 299999');
  });

  it('says that nothing was logged', async () => {
    const log = growingLog();
    log.over = true;
    const tail = new LogTail((from, limit) => log.read(from, limit), 0);
    assert.equal(await tail.advance(), true);
    assert.match(tail.text, /nothing/);
  });
});
