import assert from 'node:assert/strict';
import { cloudParts, cloudRows, costWords, hasLeft } from '../../../extension/cloud/cloudWords.ts';
import { cloudCommandOf, costLine } from '../../../extension/cloud/costLine.ts';
import { runContext, runDescription, runFacts, stageRows } from '../../../extension/runs/runWords.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { CloudDefaults } from '../../../runner/command/cloudSettings.ts';
import type { RunEvent, RunEventBody } from '../../../runner/protocol/events.ts';
import { foldEvents } from '../../../runner/protocol/runState.ts';
import type { RunRecord } from '../../../runner/protocol/runs.ts';
import { standingOf } from '../../../runner/wording/runRecord.ts';

const noon = new Date(2026, 0, 20, 12, 0).getTime();
const page = 'https://cloud.coiled.io/clusters/7?account=lab';
const job = { name: 'spimquant-a1-1', participants: 3, jobId: 5, clusterId: 7, page };

/** A run of three participants after these events, two minutes after its start. */
function runAfter(...bodies: readonly RunEventBody[]): { readonly run: RunRecord; readonly state: ReturnType<typeof foldEvents> } {
  const events = [
    { type: 'run-started', pid: 1, host: 'here' } as const,
    { type: 'cloud-estimated', estimate: { participants: 3, low: 1, likely: 3.2, high: 9, machine: undefined, machineHours: { low: 1, likely: 2, high: 4 }, hours: 1, machines: 3, items: [], assumptions: ['A participant takes an hour.'] } } as const,
    { type: 'run-planned', tasks: ['01', '02', '03'].map((scope) => ({ id: `sub-${scope}/machine`, stage: 'participant', scope, title: 'on a cloud machine' })), reused: 0 } as const,
    ...bodies,
  ].map((body, index): RunEvent => ({ ...body, seq: index + 1, time: noon - 125_000 }));
  const state = foldEvents(events);
  const run: RunRecord = {
    id: '20260120-115500-a1b2c3', command: 'spimquant s3://lab/brains s3://lab/out participant --cloud', verb: 'participant', place: 'cloud', bids: 's3://lab/brains', output: 's3://lab/out',
    host: 'here', started: noon - 125_000, ...standingOf(state, { seq: events.length, cancelling: false }),
  };
  return { run, state };
}

const submitted: RunEventBody = { type: 'cloud-job', job: { ...job, state: 'submitted', standing: 'the cluster is ready' } };
const going = runAfter(submitted, { type: 'cloud-standing', machines: 4, spent: { dollars: 1.2, by: 'coiled', asOf: noon - 20_000 } },
  { type: 'task-started', task: 'sub-01/machine' }, { type: 'task-progress', task: 'sub-01/machine', progress: { done: 3, total: 12, unit: 'items' } }, { type: 'task-started', task: 'sub-02/machine' });

describe('Words for cloud runs', () => {
  it('tell machines and cost beside what was expected, while it goes on', () => {
    assert.equal(runDescription(going.run, noon), '8 % · 2 min · $1.20 of about $3.20 · 4 machines');
    assert.equal(costWords(going.run, noon), '$1.20, as Coiled tells, 20 s ago; about $3.20 ($1.00 to $9.00) expected');
    assert.deepEqual(runFacts(going.run, noon).filter(({ label }) => ['Cost', 'Machines', 'Warning'].includes(label)).map(({ label }) => label), ['Cost', 'Machines']);
    assert.match(runContext(going.run), /\bpage\b/);
  });

  it('have rows for machines, cost and the participants under way', () => {
    const rows = cloudRows(going.run, going.state, noon);
    assert.deepEqual(rows.map(({ kind, label, description }) => [kind, label, description]), [
      ['machines', 'Machines', '4'], ['cost', 'Cost', '$1.20, 20 s ago; about $3.20 expected'], ['participant', 'sub-01', '25 %, step 3 of 12'], ['participant', 'sub-02', 'begins'],
    ]);
    assert.equal(rows[0].page, page);
    assert.match(rows[0].tooltip, /the cluster is ready/);
    assert.match(rows[1].tooltip, /A participant takes an hour/);
    assert.deepEqual(stageRows(going.state).map(({ label, description }) => [label, description]), [['Participants', '0 of 3']]);
  });

  it('warn of machines that are not known to be gone, as long as that is so', () => {
    const { run, state } = runAfter(submitted, { type: 'cloud-standing', machines: 4, spent: { dollars: 2.5, by: 'own', asOf: noon } },
      { type: 'cloud-job', job: { ...job, state: 'left', standing: 'the cluster is stopping' } }, { type: 'run-finished', outcome: 'cancelled' });
    assert.equal(hasLeft(run), true);
    assert.match(runDescription({ ...run, ended: noon }, noon), /^machines left\? · cancelled · .* · \$2\.50 · /);
    assert.match(runContext(run), /\bleft\b/);
    const [first, ...others] = cloudRows(run, state, noon);
    assert.deepEqual([first.kind, first.description], ['left', job.name]);
    assert.match(first.tooltip, /may still be there, and cost/);
    assert.deepEqual(others.map(({ kind }) => kind), ['cost'], 'what it has cost stands beside what was expected');
    const gone = runAfter(submitted, { type: 'cloud-job', job: { ...job, state: 'gone' } }, { type: 'run-finished', outcome: 'succeeded' });
    assert.equal(hasLeft(gone.run), false);
    assert.deepEqual(cloudParts({ ...gone.run, cost: 2.9 }), ['$2.90']);
  });

  it('offer to run on Coiled what has run here with data and results in a bucket', () => {
    const local: RunRecord = { ...going.run, place: 'local', status: 'failed', command: going.run.command.replace(' --cloud', '') };
    assert.match(runContext(local), /\bcloudable\b/);
    for (const change of [{ place: 'cloud' }, { bids: '/data/brains' }, { verb: 'group' }, { status: 'running' }] as const) assert.doesNotMatch(runContext({ ...local, ...change }), /cloudable/);
  });
});

describe('The question what a run costs', () => {
  const asked = (text: string, cloud: CloudDefaults = {}): string | undefined => {
    const run = cloudCommandOf(parseCommandText(text, { readFile: () => '', defaults: { cloud } }).command);
    return run === undefined ? undefined : costLine(run);
  };

  it('is about the same participants, machines and bucket', () => {
    const line = asked("spimquant s3://lab/brains s3://lab/out participant --cloud --participant-label 01 02 --filter-spim 'sample:match=brain.*' --cloud_memory 32GB --cloud_cpu 8 --cloud_tags a=b --s3-endpoint http://127.0.0.1:9000 --seg_method th500", { cloud_region: ['eu-west-1'], cloud_price: ['0.5'] });
    assert.ok(line);
    const { command } = parseCommandText(line, { readFile: () => '' });
    assert.ok(command.verb === 'cost');
    assert.equal(command.uri, 's3://lab/brains');
    assert.deepEqual(command.options.participantLabel, ['01', '02']);
    assert.deepEqual(command.options.filterSpim.map(({ entity, method, value }) => [entity, method, value]), [['sample', 'match', 'brain.*']]);
    assert.deepEqual([command.cloud.memoryBytes, command.cloud.cpu, command.cloud.region, command.cloud.dollarsPerHour], [32e9, 8, 'eu-west-1', 0.5]);
    assert.equal(command.storage.s3Endpoint, 'http://127.0.0.1:9000');
  });

  it('does not arise where no machine is started', () => {
    for (const text of ['spimquant s3://b/in s3://b/out participant', 'spimquant s3://b/in s3://b/out group --cloud', 'spimquant s3://b/in s3://b/out participant --cloud -n', 'spimquant info s3://b/in']) assert.equal(asked(text), undefined, text);
  });
});
