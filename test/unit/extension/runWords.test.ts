import assert from 'node:assert/strict';
import { outputName } from '../../../extension/runs/outputName.ts';
import { isRunText, storageOf } from '../../../extension/runs/readCommand.ts';
import { commonWords, countWords, datasetName, endWords, failureRows, moment, overallFraction, pausedWords, runContext, runDescription, runFacts, runLabel, stageRows, statusBarText, waitsForUser } from '../../../extension/runs/runWords.ts';
import type { RunEvent, RunEventBody } from '../../../runner/protocol/events.ts';
import { foldEvents } from '../../../runner/protocol/runState.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';

const noon = new Date(2026, 0, 20, 12, 0).getTime();
const none = { waiting: 0, running: 0, finished: 0, failed: 0, skipped: 0, cancelled: 0 };

function record(change: Partial<RunRecord>): RunRecord {
  return {
    id: '20260120-115500-a1b2c3', command: 'spimquant s3://lab/brains /out participant', verb: 'participant', place: 'local', bids: 's3://lab/brains', output: '/out', host: 'here',
    status: 'running', cancelling: false, started: noon - 125_000, counts: { ...none, waiting: 28, running: 2, finished: 10 }, reused: 0, fraction: 0.437, current: ['sub-01 segment Abeta'], seq: 40, ...change,
  };
}

describe('Words for runs', () => {
  it('name a run by its dataset and level, with the folder above where the name says nothing', () => {
    assert.equal(runLabel(record({})), 'brains: participant');
    assert.equal(datasetName('/data/study-7/bids/'), 'study-7/bids');
    assert.equal(datasetName('s3://bucket/BIDS'), 'bucket/BIDS');
    assert.equal(datasetName('C:\\data\\brains'), 'brains');
    assert.equal(datasetName('/bids'), 'bids');
  });

  it('say state, progress, time and cost in few words', () => {
    assert.equal(runDescription(record({}), noon), '43 % · 2 min');
    assert.equal(runDescription(record({ started: noon - 13_000, cost: 1.2 }), noon), '43 % · 10 s · $1.20');
    assert.equal(runDescription(record({ status: 'starting' }), noon), 'starting · 2 min');
    assert.equal(runDescription(record({ cancelling: true }), noon), 'cancelling · 2 min');
    assert.equal(runDescription(record({ status: 'succeeded', ended: noon }), noon), '2 min 05 s · 11:57');
    assert.equal(runDescription(record({ status: 'failed', ended: noon, counts: { ...none, failed: 3 } }), noon), '3 failed · 2 min 05 s · 11:57');
    assert.equal(runDescription(record({ status: 'interrupted', ended: noon }), noon + 86_400_000), 'interrupted · 2 min 05 s · yesterday 11:57');
    assert.equal(moment(noon, noon + 40 * 86_400_000), 'Jan 20');
    assert.equal(moment(noon, noon + 400 * 86_400_000), 'Jan 20, 2026');
  });

  const pause: NonNullable<RunRecord['pause']> = { kind: 'sign-in', error: { code: 'auth-expired', message: 'The AWS sign-in has expired: could not read s3://lab/brains/x' }, signIn: ['aws sso login --profile lab'], since: noon - 190_000, until: noon + 3_600_000 };
  const paused = record({ status: 'paused', pause });
  const away = record({ status: 'paused', pause: { ...pause, kind: 'network', signIn: [], error: { code: 'network', message: 'Amazon S3 cannot be reached' } } });

  it('say of a paused run why and for how long, and what can be done', () => {
    assert.equal(runDescription(paused, noon), 'paused · sign in again · 3 min');
    assert.equal(runDescription(record({ status: 'paused', pause, cancelling: true }), noon), 'cancelling · 2 min');
    assert.equal(runContext(paused), 'run active paused signIn');
    assert.equal(runContext(away), 'run active paused');
    assert.equal(runContext(record({ status: 'paused', pause, cancelling: true })), 'run active');
    assert.equal(runFacts(paused, noon).find(({ label }) => label === 'Paused')?.value,
      'since 11:56. The AWS sign-in has expired: could not read s3://lab/brains/x. Sign in again (aws sso login --profile lab). The run goes on by itself then. It waits until 2026-01-20 13:00; what is finished is kept in any case.');
    assert.equal(statusBarText([paused]), 'SPIMquant: paused, sign in again');
    assert.equal(statusBarText([paused, paused]), 'SPIMquant: 2 paused, sign in again');
    assert.equal(statusBarText([paused, record({ fraction: 0.5 })]), 'SPIMquant: 1 paused, 1 running, 46 %');
    assert.equal(statusBarText([paused, away]), 'SPIMquant: 2 paused');
    assert.deepEqual([paused, away, record({})].map(waitsForUser), [true, false, false]);
    assert.equal(pausedWords([paused]), 'brains: participant is paused: The AWS sign-in has expired: could not read s3://lab/brains/x. Sign in again to go on.');
    assert.match(pausedWords([away, away]), /^2 runs are paused: Amazon S3 cannot be reached\. Nothing needs to be done/);
  });

  it('never say 100 % before the end', () => {
    assert.match(runDescription(record({ fraction: 0.9999 }), noon), /^99 %/);
    assert.equal(statusBarText([record({ fraction: 1 }), record({ fraction: 0.5 })]), 'SPIMquant: 2 running, 75 %');
    assert.equal(overallFraction([]), 0);
  });

  it('give rows the words that menus ask for', () => {
    assert.equal(runContext(record({})), 'run active');
    assert.equal(runContext(record({ status: 'succeeded', origin: { notebook: 'file:///a.spimnb', cell: 'a1' } })), 'run over succeeded cell onDisk');
    assert.equal(runContext(record({ status: 'succeeded', output: 's3://lab/out' })), 'run over succeeded cloudable remote', 'its outputs can be downloaded, and it can be run on Coiled');
    assert.equal(runContext(record({ status: 'succeeded', output: 's3://lab/out', verb: 'sync' })), 'run over succeeded', 'a transfer has put them where they were wanted');
    for (const status of ['failed', 'cancelled', 'interrupted'] as const) assert.equal(runContext(record({ status })), 'run over resumable onDisk');
  });

  it('count tasks and tell errors with what to do', () => {
    assert.equal(countWords(record({ counts: { ...none, finished: 10, failed: 2, running: 3, waiting: 25 }, reused: 4 })), '10 of 40 tasks done, 2 failed, 3 running; 4 were there already.');
    assert.equal(countWords(record({ counts: none, reused: 7 })), 'Everything was there already: 7 tasks.');
    const facts = runFacts(record({ status: 'failed', ended: noon, error: { code: 'disk-full', message: 'The disk is full.', hint: 'Free some space.', where: '/out' } }), noon);
    assert.equal(facts.find(({ label }) => label === 'Error')?.value, 'The disk is full. Free some space. (/out)');
    assert.equal(facts.some(({ label }) => label === 'Now'), false);
  });

  it('tell the end of one run, or of several at once', () => {
    const done = record({ status: 'succeeded', ended: noon });
    const failed = record({ status: 'failed', ended: noon, error: { code: 'bad-zarr', message: 'A chunk is damaged.' } });
    assert.equal(endWords([done], noon), 'brains: participant has finished in 2 min 05 s.');
    assert.equal(endWords([failed], noon), 'brains: participant has failed after 2 min 05 s. A chunk is damaged.');
    assert.equal(endWords([done, failed, done], noon), '3 runs have ended: 2 succeeded, 1 did not.');
  });
});

describe('What is below a run', () => {
  const story: readonly RunEventBody[] = [
    { type: 'run-planned', reused: 0, tasks: [
      { id: 'a1', stage: 'export', scope: '01', title: 'import YoPro' }, { id: 'a2', stage: 'export', scope: '01', title: 'import Abeta' },
      { id: 'b1', stage: 'segment', scope: '01', title: 'segment Abeta (otsu+k3i2), part 1 of 2' }, { id: 'b2', stage: 'segment', scope: '01', title: 'segment Abeta (otsu+k3i2), part 2 of 2' },
      { id: 'c', stage: 'report', scope: '01', title: 'report' },
    ] },
    { type: 'participant-failed', participant: '09', error: { code: 'bad-dataset', message: 'There are two images.', hint: 'Keep one.' } },
    ...['a1', 'a2', 'b1'].flatMap((task): RunEventBody[] => [{ type: 'task-started', task }, { type: 'task-finished', task, seconds: 1, bytesRead: 0, bytesWritten: 0 }]),
    { type: 'task-started', task: 'b2' },
    { type: 'task-progress', task: 'b2', progress: { done: 1, total: 4, unit: 'voxels' } },
  ];
  const events = (bodies: readonly RunEventBody[]): RunEvent[] => bodies.map((body, i) => ({ ...body, seq: i + 1, time: 1000 * i }));

  it('joins finished steps in one row and counts the others', () => {
    const rows = stageRows(foldEvents(events(story)));
    assert.deepEqual(rows.map(({ label, status, description }) => [label, status, description]), [
      ['Finished', 'succeeded', '1 step'], ['segment Abeta', 'running', '1 of 2'], ['report', 'waiting', '0 of 1'],
    ]);
    assert.match(rows[1].tooltip, /sub-01: segment Abeta \(otsu\+k3i2\), part 2 of 2, 25 %/);
    assert.equal(rows[0].tooltip, 'import');
  });

  it('tell how far a transfer is, at what rate, and how long it takes', () => {
    const copying = foldEvents(events([
      { type: 'run-planned', reused: 0, tasks: [{ id: 'copy', stage: 'copy', scope: 'sync', title: 'copy and check' }] },
      { type: 'task-started', task: 'copy' },
      { type: 'task-progress', task: 'copy', progress: { done: 5e8, total: 1e9, unit: 'bytes', files: { done: 12, total: 40 }, perSecond: 2e7, secondsLeft: 25 } },
    ]));
    assert.equal(stageRows(copying)[0].description, '12 of 40 files, 20.0 MB/s, about 25 s left');
  });

  it('lists participants and tasks that failed', () => {
    const state = foldEvents(events([...story, { type: 'task-failed', task: 'b2', error: { code: 'bad-zarr', message: 'A chunk is damaged.' } }]));
    assert.deepEqual(failureRows(state, 10), [
      { title: 'sub-09', message: 'There are two images.', hint: 'Keep one.' },
      { title: 'sub-01: segment Abeta (otsu+k3i2), part 2 of 2', message: 'A chunk is damaged.' },
    ]);
    assert.equal(failureRows(state, 1).length, 1);
    assert.equal(stageRows(state).find(({ stage }) => stage === 'segment')?.status, 'failed');
  });

  it('finds what titles have in common', () => {
    assert.equal(commonWords(['histogram of YoPro', 'histogram of Abeta']), 'histogram');
    assert.equal(commonWords(['report']), 'report');
    assert.equal(commonWords(['a b', 'c d']), '');
    assert.equal(commonWords([]), '');
  });

  it('names outputs by what they hold', () => {
    const name = (uri: string, scope?: string): string => outputName({ uri, title: uri, scope });
    assert.equal(name('/out/sub-01/qc/sub-01_sample-brain_acq-4x_report.html', '01'), 'sub-01: report');
    assert.equal(name('/out/sub-01/tabular/sub-01_sample-brain_seg-all_desc-otsu+k3i2_mergedsegstats.tsv', '01'), 'sub-01: mergedsegstats seg-all desc-otsu+k3i2');
    assert.equal(name('s3://b/out/group/1/report.html', 'group'), 'group: report.html');
    assert.equal(name('/out/tpl-phantom/tpl-phantom_seg-all_dseg.tsv'), 'tpl-phantom: dseg seg-all');
    assert.equal(name('/out/notes.txt'), 'notes.txt');
  });
});

describe('What a command tells the views', () => {
  it('how its storage is reached; what speaks of the dataset alone does not concern the output', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(storageOf('spimquant s3://a/b s3://a/c participant --aws-profile lab --requester-pays'))), { awsProfile: 'lab', anonymous: false, requesterPays: false });
    assert.equal(storageOf('spimquant info s3://a/b --anonymous').anonymous, true);
    assert.deepEqual(storageOf('nonsense --what'), {});
  });

  it('whether it starts a run', () => {
    assert.equal(isRunText('spimquant /a /b participant'), true);
    assert.equal(isRunText('spimquant /a /b participant -n'), false);
    assert.equal(isRunText('spimquant info /a'), false);
  });
});
