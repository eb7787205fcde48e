import assert from 'node:assert/strict';
import type { RunOutput } from '../../../runner/protocol/runOutput.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';
import { mendText, pauseText } from '../../../runner/wording/pause.ts';
import { runSentence, runTitle, taskCountsText } from '../../../runner/wording/run.ts';
import { runHtml, runText } from '../../../runner/wording/runOutput.ts';

const counts = { waiting: 3, running: 1, finished: 6, failed: 0, skipped: 0, cancelled: 0 };
const going: RunRecord = {
  id: '20260304-050607-abcdef', command: 'spimquant brains out participant', verb: 'participant', place: 'local', bids: '/data/brains', output: '/data/out',
  status: 'running', cancelling: false, started: 1000, counts, reused: 2, fraction: 0.65, current: ['sub-01 segment'], seq: 9, host: 'here',
};
const over: RunRecord = { ...going, status: 'failed', ended: 91_000, counts: { ...counts, waiting: 0, running: 0, failed: 1, skipped: 3 } };

function output(run: RunRecord, more: Partial<RunOutput> = {}): RunOutput {
  return { run, tail: [], failures: [], files: [], bytesRead: 2e6, bytesWritten: 3000, ...more };
}

describe('words for runs', () => {
  it('say how far a run is', () => {
    assert.equal(taskCountsText(counts), '6 of 10 steps done, 1 running');
    assert.equal(runTitle(going), 'participant of brains');
    assert.equal(runTitle({ verb: 'group', bids: 's3://lab/mice/' }), 'group of mice');
    assert.equal(runSentence(going, 61_000), 'running: 65 %, 6 of 10 steps done, 1 running, 1 min 00 s');
    assert.equal(runSentence(over, 0), 'done, with failures: 6 of 10 steps done, 1 failed, 3 skipped, 2 were up to date, in 1 min 30 s');
    assert.equal(runSentence({ ...going, cancelling: true }, 61_000), 'cancelling: 6 of 10 steps done, 1 running');
  });

  it('say why a run waits', () => {
    const paused: RunRecord = { ...going, status: 'paused', pause: { kind: 'disk', error: { code: 'disk-full', message: 'The disk is full.' }, signIn: [], since: 5 } };
    assert.equal(runSentence(paused, 61_000), 'paused (disk full): 65 %, 6 of 10 steps done, 1 running');
    assert.match(runText(output(paused)), /^participant of brains: paused \(disk full\) when this was saved\n/);
    assert.equal(pauseText({ kind: 'disk', error: { code: 'disk-full', message: 'The disk is full.' }, signIn: [] }), 'The disk is full. Free some space: it goes on by itself when there is room.');
    assert.equal(mendText({ kind: 'sign-in', signIn: ['a', 'b'], credentials: '/home/ann/.aws/credentials' }), 'Renew the credentials in /home/ann/.aws/credentials.');
    assert.equal(mendText({ kind: 'sign-in', signIn: [] }), 'Renew the credentials.');
  });

  it('do not claim that a saved run still goes on', () => {
    assert.match(runText(output(going)), /^participant of brains: running when this was saved\n/);
    assert.doesNotMatch(runHtml(output(going)), /65 %/);
  });

  it('tell failures, files and the end of the log, escaped', () => {
    const full = output(over, {
      failures: [{ title: 'sub-01 segment', error: { code: 'no-signal', message: 'No <signal>.', hint: 'Look.' } }],
      files: [{ uri: '/data/out/r.html', title: 'Report & more', kind: 'report', bytes: 3 }],
      tail: [{ time: 0, level: 'warn', message: 'a < b', task: 'sub-01_acq-x/segment' }],
    });
    assert.ok(runText(full).includes('failed: sub-01 segment: No <signal>. Look.'));
    assert.ok(runText(full).includes('Report & more: /data/out/r.html'));
    assert.ok(runText(full).endsWith('warn  sub-01: a < b'));
    const html = runHtml(full);
    for (const part of ['No &lt;signal&gt;. Look.', 'Report &amp; more: <code>/data/out/r.html</code>', 'a &lt; b']) assert.ok(html.includes(part), part);
    assert.doesNotMatch(html, /<signal>|style=|<script/);
  });
});
