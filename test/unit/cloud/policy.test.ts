import assert from 'node:assert/strict';
import { jobSeconds, secretsOf } from '../../../runner/backends/coiled/batchSpec.ts';
import { machinesByName, regionFor } from '../../../runner/backends/coiled/machines.ts';
import { stagingOf } from '../../../runner/backends/coiled/staging.ts';
import { chunksOf, clusterName, workersOf } from '../../../runner/cloud/chunks.ts';
import { estimateCost } from '../../../runner/cloud/estimate.ts';
import type { EstimateRequest } from '../../../runner/cloud/estimate.ts';
import { cpusOf, listMachinePrices, machinePrice, machinePricesFor } from '../../../runner/cloud/machinePrices.ts';
import { coiledPace, endPace, eventsPace } from '../../../runner/cloud/pace.ts';
import { parseSegmentName, segmentName } from '../../../runner/cloud/segments.ts';
import { needsConfirmation } from '../../../runner/protocol/cloud.ts';
import { machineRequest, requestedParticipant } from '../../../runner/cloud/taskRequest.ts';
import { Watchdog } from '../../../runner/cloud/watchdog.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { CohortCommand } from '../../../runner/backends/coiled/preflight.ts';
import type { CloudOptions } from '../../../runner/protocol/cloud.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { isLeftBehind } from '../../../runner/server/runs/takeUp.ts';

const labels = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => String(index));

function commandOf(words: string): { readonly command: CohortCommand; readonly cloud: CloudOptions } {
  const { command } = parseCommandText(`spimquant ${words}`, { readFile: () => '' });
  if (command.verb !== 'participant' || command.execution.cloud === undefined) throw new Error(words);
  return { command, cloud: command.execution.cloud };
}

describe('what is decided for a cloud run', () => {
  describe('jobs', () => {
    it('hold all participants once, in their order, in sizes that are alike and never too large', () => {
      for (const count of [0, 1, 2, 999, 1000, 1001, 2500, 10_000]) {
        const chunks = chunksOf('r', 1, labels(count));
        assert.deepEqual(chunks.flatMap(({ participants }) => participants), labels(count));
        const sizes = chunks.map(({ participants }) => participants.length);
        assert.ok(sizes.every((size) => size > 0 && size <= 1000) && Math.max(0, ...sizes) - Math.min(...sizes, 1000) <= 1 || count === 0, String(sizes));
      }
    });

    it('have names by which they are found again, different for each attempt and part', () => {
      assert.equal(chunksOf('20261126-080000-a', 2, labels(3))[0].name, clusterName('20261126-080000-a', 2, 0));
      assert.equal(new Set([1, 2].flatMap((attempt) => chunksOf('r', attempt, labels(3000)).map(({ name }) => name))).size, 6);
      assert.match(clusterName('20261126-080000-a', 1, 0), /^[A-Za-z0-9-]+$/);
    });

    it('share the machines that are allowed, at least one each, and no more than participants', () => {
      assert.deepEqual(workersOf(chunksOf('r', 1, labels(10_000)), 100), new Array(10).fill(10));
      assert.deepEqual(workersOf(chunksOf('r', 1, labels(3)), 100), [3]);
      assert.deepEqual(workersOf(chunksOf('r', 1, labels(5000)), 2), [1, 1, 1, 1, 1]);
    });

    it('are ended by Coiled after the time of all rounds, and an hour', () => {
      assert.equal(jobSeconds({ taskLimitMs: 3_600_000 }, 10, 4), 3 * 3600 + 3600);
    });
  });

  it('looks soon at first and seldom later, and less often at each of many jobs', () => {
    for (const pace of [eventsPace, endPace, (elapsed: number) => coiledPace(elapsed, 1)]) {
      const steps = [0, 10_000, 60_000, 600_000, 36_000_000].map(pace);
      assert.deepEqual(steps, [...steps].sort((a, b) => a - b));
      assert.ok(steps[0] > 0 && steps[4] <= 15_000);
    }
    assert.equal(coiledPace(36_000_000, 10), 2.5 * coiledPace(36_000_000, 1));
  });

  it('names segments so that later ones come later, and reads nothing else', () => {
    const names = [segmentName(9, '01', 'ab', 1), segmentName(10, '01', 'ab', 2), segmentName(1_795_680_000_000, 'b+C', 'ff', 3)];
    assert.deepEqual(names, [...names].sort());
    assert.deepEqual(parseSegmentName(names[2]), { time: 1_795_680_000_000, participant: 'b+C', attempt: 'ff', number: 3 });
    for (const name of ['x.ndjson', '00000000000009-01-zz-00001.ndjson', '9-01-ab-00001.ndjson']) assert.equal(parseSegmentName(name), undefined);
  });

  it('knows a machine by its variables, and refuses what is none', () => {
    const request = { run: 'r', output: 's3://bbb/o', bundle: 'ab', taskLimitMs: 5, storage: {} };
    assert.deepEqual(machineRequest({ SPIMQUANT_CLOUD_RUN: JSON.stringify(request) }), request);
    for (const text of ['', '{', 'null', '{"run":1}']) assert.throws(() => machineRequest({ SPIMQUANT_CLOUD_RUN: text }), SpimquantError);
    assert.equal(requestedParticipant({ SPIMQUANT_PARTICIPANT: '01' }), '01');
    assert.throws(() => requestedParticipant({ SPIMQUANT_PARTICIPANT: '../x' }), SpimquantError);
  });

  describe('the watchdog', () => {
    const dog = (): { readonly watchdog: Watchdog; readonly pass: (ms: number, cpu: number) => string | undefined } => {
      let [now, cpu] = [0, 0];
      const watchdog = new Watchdog({ taskLimitMs: 100_000, idleLimitMs: 10_000, now: () => now, cpuMs: () => cpu });
      return { watchdog, pass: (ms, used) => { now += ms; cpu += used; return watchdog.check()?.code; } };
    };

    it('ends what tells nothing and computes nothing, and leaves alone what does either', () => {
      const idle = dog();
      assert.equal(idle.pass(9000, 0), undefined);
      assert.equal(idle.pass(1000, 0), 'cost-limit');
      const busy = dog();
      for (let step = 0; step < 9; step++) assert.equal(busy.pass(10_000, 5000), undefined);
      const talking = dog();
      for (let step = 0; step < 9; step++) {
        assert.equal(talking.pass(9000, 0), undefined);
        talking.watchdog.sign();
      }
    });

    it('ends what overstays, however busy', () => {
      const busy = dog();
      busy.pass(99_000, 99_000);
      assert.equal(busy.pass(1000, 1000), 'cost-limit');
    });
  });

  describe('estimates', () => {
    const price = machinePrice(listMachinePrices, 'us-east-1', 'm6i.2xlarge');
    const request = (more: Partial<EstimateRequest> = {}): EstimateRequest => ({
      work: { participants: 10, sampled: 4, bytesEach: 50e9 }, machine: { type: 'm6i.2xlarge', vcpus: 8, price }, options: { workers: 100, spot: 'on-demand', diskGigabytes: 100 },
      data: { provider: 'aws', name: 'us-east-1' }, region: 'us-east-1', dollarsPerGigabyte: 0.02, ...more,
    });

    it('are a range that rises with the work, and is the sum of its parts', () => {
      const [small, large] = [estimateCost(request()), estimateCost(request({ work: { participants: 100, sampled: 4, bytesEach: 50e9 } }))];
      for (const estimate of [small, large]) {
        assert.ok(0 < estimate.low && estimate.low < estimate.likely && estimate.likely < estimate.high);
        assert.ok(Math.abs(estimate.items.reduce((sum, { likely }) => sum + likely, 0) - estimate.likely) < 1e-9);
      }
      assert.ok(large.likely > 8 * small.likely && large.likely < 12 * small.likely);
    });

    it('are lower on spot machines, count traffic between regions, and the machine that hands out the work', () => {
      const base = estimateCost(request());
      assert.ok(estimateCost(request({ options: { workers: 100, spot: 'spot', diskGigabytes: 100 } })).likely < base.likely);
      assert.match(JSON.stringify(base.items), /hands out the work/);
      const away = estimateCost(request({ region: 'us-west-2' }));
      assert.match(JSON.stringify(away.items), /Data from us-east-1 to us-west-2/);
      const one = estimateCost(request({ work: { participants: 1, sampled: 1, bytesEach: 50e9 }, options: { workers: 100, spot: 'spot', diskGigabytes: 100 } }));
      assert.doesNotMatch(JSON.stringify(one.items), /hands out the work|Spot/);
      assert.match(one.assumptions.join(' '), /single participant runs on an on-demand machine/);
    });

    it('say what is not known, and then are asked about by hours', () => {
      const unknown = estimateCost(request({ machine: { type: 'x9.huge', vcpus: 8, price: undefined } }));
      assert.match(unknown.assumptions.join(' '), /x9\.huge costs in us-east-1 is not known here.*--cloud_price/);
      assert.equal(needsConfirmation({ ...unknown, machineHours: { low: 1, likely: 25, high: 99 } }, { confirmAbove: 20, yes: false }), true);
      assert.equal(needsConfirmation({ ...unknown, machineHours: { low: 1, likely: 2, high: 99 } }, { confirmAbove: 20, yes: false }), false);
      const dear = { ...estimateCost(request()), likely: 21 };
      assert.deepEqual([needsConfirmation(dear, { confirmAbove: 20, yes: false }), needsConfirmation(dear, { confirmAbove: 20, yes: true }), needsConfirmation(dear, { confirmAbove: 30, yes: false })], [true, false, false]);
    });

    it('follow earlier runs of the dataset more closely than sizes', () => {
      const past = estimateCost(request({ work: { participants: 10, sampled: 4, bytesEach: 50e9, past: { participants: 3, stepSecondsEach: 5000, newest: 0 } } }));
      assert.match(past.assumptions[0], /as in earlier runs of this dataset \(3 participants/);
      assert.ok(past.high / past.low < estimateCost(request()).high / estimateCost(request()).low);
    });
  });

  describe('machines and prices', () => {
    it('are in the region of the data unless said otherwise, and of the same provider', () => {
      assert.equal(regionFor({ region: 'auto' }, { provider: 'aws', name: 'eu-west-1' }, 'aws'), 'eu-west-1');
      assert.equal(regionFor({ region: 'auto' }, { provider: 'aws', name: 'eu-west-1' }, 'gcp'), undefined);
      assert.equal(regionFor({ region: 'us-east-1' }, { provider: 'aws', name: 'eu-west-1' }, 'aws'), 'us-east-1');
      assert.equal(regionFor({ region: 'auto' }, { provider: 'other' }, undefined), undefined);
    });

    it('are never those of another region or an unknown type', () => {
      assert.equal(machinePrice(listMachinePrices, 'xx-nowhere-1', 'm6i.2xlarge'), undefined);
      assert.equal(machinePrice(listMachinePrices, undefined, 'm6i.2xlarge'), undefined);
      assert.equal(machinePrice(listMachinePrices, 'us-east-1', 'zz.2xlarge'), undefined);
      assert.equal(machinePrice(listMachinePrices, 'us-east-1', 'm6i.4xlarge')?.dollarsPerHour, 0.768);
      const frankfurt = machinePrice(listMachinePrices, 'eu-central-1', 'm6i.2xlarge');
      assert.deepEqual([frankfurt?.dollarsPerHour, frankfurt?.asOf], [0.46, 'seen in 2026-11']);
      // Families that nobody looked up there have no price there.
      assert.equal(machinePrice(listMachinePrices, 'eu-central-1', 'c6i.2xlarge'), undefined);
    });

    it('count CPUs by names, and take a price that is given', () => {
      assert.deepEqual(['m6i.xlarge', 'm6i.2xlarge', 'm6i.large', 'e2-standard-8', 'Standard_D8_v5', 'odd'].map(cpusOf), [4, 8, 2, 8, 8, undefined]);
      const { cloud } = commandOf('s3://a s3://b participant --cloud --cloud_price 2 --cloud_vm_type m6i.4xlarge m5.4xlarge');
      const machines = machinesByName(cloud, 'aws', 'eu-west-9', listMachinePrices);
      assert.deepEqual([machines.types, machines.vcpus, machines.price?.dollarsPerHour], [['m6i.4xlarge', 'm5.4xlarge'], 16, 2]);
    });

    it('refuse a table that is none, with what it should be', () => {
      assert.throws(() => machinePricesFor({ SPIMQUANT_MACHINE_PRICES: '/not/there.json' }), /cannot be read/);
      assert.equal(machinePricesFor({}), listMachinePrices);
    });
  });

  it('takes variables by name, and says which is not set without any value', () => {
    assert.deepEqual(secretsOf({ env: ['A'] }, { A: 'x', B: 'y' }), { A: 'x' });
    assert.throws(() => secretsOf({ env: ['A', 'B'] }, { A: 'secret-value' }), (error: unknown) => error instanceof SpimquantError && /names B/.test(error.message) && !error.message.includes('secret-value'));
  });

  describe('places', () => {
    const staging = (words: string): ReturnType<typeof stagingOf> => { const { command, cloud } = commandOf(words); return stagingOf(command, cloud); };

    it('in buckets are left as they are', () => {
      const { command, upload, download } = staging('s3://aaa/bids s3://aaa/out participant --cloud');
      assert.deepEqual([command.bids, command.output, upload, download], ['s3://aaa/bids', 's3://aaa/out', undefined, undefined]);
    });

    it('of this machine are copied to and from those that are named, or results to where BIDS has them', () => {
      const { command, upload, download } = staging('/data/bids /data/out participant --cloud --cloud_sync_input s3://aaa/bids/ --anonymous');
      assert.deepEqual([command.bids, command.output], ['s3://aaa/bids', 's3://aaa/bids/derivatives/spimquant']);
      assert.deepEqual([upload?.bids, upload?.output, upload?.toStorage.anonymous], ['/data/bids', 's3://aaa/bids', false]);
      assert.deepEqual([download?.bids, download?.output, download?.options.deletes], ['s3://aaa/bids/derivatives/spimquant', '/data/out', false]);
      assert.equal(staging('s3://aaa/bids /data/out participant --cloud --cloud_output s3://bbb/o').command.output, 's3://bbb/o');
    });

    it('are not made up: nothing is copied anywhere that nobody has named', () => {
      assert.throws(() => staging('/data/bids s3://aaa/out participant --cloud'), /machines of a cloud cannot read/);
      assert.throws(() => staging('/data/bids s3://aaa/out participant --cloud --cloud_sync_input /data/other'), /has to be an address in a bucket/);
      assert.throws(() => staging('s3://aaa/bids /data/out participant --cloud --cloud_output s3://aaa/bids'), /are the same/);
    });
  });

  it('takes up interrupted runs that have left machines, and no others', () => {
    const left = { place: 'cloud', status: 'interrupted', cwd: '/', cloud: { machines: 0, left: ['c'] } } as const;
    assert.equal(isLeftBehind(left), true);
    assert.equal(isLeftBehind({ ...left, place: 'local' }), false);
    assert.equal(isLeftBehind({ ...left, status: 'cancelled' }), false);
    assert.equal(isLeftBehind({ ...left, cloud: { machines: 0, left: [] } }), false);
  });
});
