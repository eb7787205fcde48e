import { strict as assert } from 'node:assert';
import { announce, countsText, standingOf, stateText, timeText } from '../../../webviews/renderer/runText.ts';
import { readFollowedRuns, readRequest } from '../../../webviews/renderer/messages.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';

const run: RunRecord = {
  id: 'r1', status: 'running', started: 0, command: 'spimquant a b participant', verb: 'participant', place: 'local', bids: 'a', output: 'b', cancelling: false,
  counts: { waiting: 5, running: 1, finished: 3, failed: 1, skipped: 0, cancelled: 0 }, reused: 4, fraction: 0.25, current: [], seq: 1, host: 'here',
};

describe('the words of a run card', () => {
  it('tell time that has passed and what is left', () => {
    assert.equal(timeText(run, 'running', 60_400), '1 min 00 s, about 4 min left');
    assert.equal(timeText(run, 'running', 3_000), '3 s');
    assert.equal(timeText({ ...run, status: 'failed', ended: 2_500 }, 'failed', 60_000), '2.5 s');
  });

  it('count what stands how', () => {
    assert.equal(countsText(run), '3 of 10 tasks done, 1 failed, 4 there already');
    const nothing = { waiting: 0, running: 0, finished: 0, failed: 0, skipped: 0, cancelled: 0 };
    assert.equal(countsText({ ...run, status: 'succeeded', counts: nothing }), 'Nothing to do: 4 results were there already.');
  });

  it('do not claim that a run goes on which nobody follows', () => {
    assert.equal(stateText(run, standingOf(run, false)), 'Running when last seen');
    assert.equal(stateText({ ...run, cancelling: true }, standingOf(run, true)), 'Cancelling');
    assert.equal(stateText({ ...run, status: 'interrupted' }, standingOf({ ...run, status: 'interrupted' }, false)), 'Interrupted');
  });

  it('say why a run waits, and take the wait out of what is left', () => {
    const paused: RunRecord = { ...run, status: 'paused', pause: { kind: 'network', error: { code: 'network', message: 'away' }, signIn: [], since: 60_000 } };
    assert.equal(standingOf(paused, true), 'paused');
    assert.equal(stateText(paused, 'paused'), 'Paused: no network');
    assert.equal(timeText(paused, 'paused', 65_400), 'for 5 s');
    assert.equal(stateText(paused, standingOf(paused, false)), 'Paused when last seen');
    assert.equal(stateText({ ...paused, cancelling: true }, standingOf({ ...paused, cancelling: true }, true)), 'Cancelling');
    assert.equal(timeText({ ...run, pausedMs: 3_600_000 }, 'running', 3_660_400), '1 h 01 min, about 4 min left');
  });

  it('are said to screen readers when the state changes, and else now and then', () => {
    const first = announce(run, 'Running', undefined, 0);
    assert.match(first?.text ?? '', /^Running: 25 percent/);
    assert.equal(announce(run, 'Running', first, 5_000), undefined);
    assert.ok(announce(run, 'Running', first, 31_000));
    assert.match(announce({ ...run, status: 'succeeded' }, 'Done', first, 6_000)?.text ?? '', /^Done\./);
  });
});

describe('messages between outputs and the extension', () => {
  it('are taken when they are whole', () => {
    for (const type of ['cancel', 'resumeNow', 'signIn'] as const) assert.deepEqual(readRequest({ type, run: 'r1' }), { type, run: 'r1' });
    assert.deepEqual(readFollowedRuns({ type: 'following', runs: ['r1'], now: 5 }), { type: 'following', runs: ['r1'], now: 5, offers: [] });
    assert.deepEqual(readFollowedRuns({ type: 'following', runs: [], now: 5, offers: ['openImage', 'launch', 3] })?.offers, ['openImage']);
    const result = { title: 't', command: 'c' };
    for (const message of [
      { type: 'openView', view: { kind: 'image', uri: 's3://b/x' }, command: 'c' }, { type: 'openResult', result }, { type: 'choose', result, flag: '--seg_method', value: 'th1' }, { type: 'copy', text: 'x'.repeat(30_000) },
    ]) assert.deepEqual(readRequest(message), message);
  });

  it('are left when they are not', () => {
    for (const message of [undefined, null, 'cancel', { type: 'cancel' }, { type: 'runCommand', text: 5 }, { type: 'openLink', uri: 'x' }, { type: 'runCommand', text: 'x'.repeat(30_000) },
      { type: 'openView', view: { kind: 'command', uri: 'x' }, command: 'c' }, { type: 'openView', view: 'image', command: 'c' }, { type: 'openResult', result: { title: 't' } }, { type: 'choose', result: { title: 't', command: 'c' }, flag: '--x' }, { type: 'copy' }]) {
      assert.equal(readRequest(message), undefined);
    }
    assert.equal(readFollowedRuns({ type: 'following', runs: [1], now: 5 }), undefined);
  });
});
