import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { settingsFrom } from '../../../extension/platform/settings.ts';
import { cloudSettingContributions, cloudSettingFlags, settingOfFlag } from '../../../runner/command/cloudSettings.ts';
import type { CloudDefaults } from '../../../runner/command/cloudSettings.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { CloudOptions } from '../../../runner/protocol/cloud.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { withCloudSettings } from '../../../scripts/cloudSettings.ts';

const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');

/** The machines of a command, with what settings say. */
function machines(text: string, settings: Readonly<Record<string, unknown>>, files: Readonly<Record<string, string>> = {}): CloudOptions | undefined {
  const cloud: CloudDefaults = settingsFrom((id) => settings[id]).cloud();
  const { command } = parseCommandText(text, { readFile: (path) => files[path], defaults: { cloud } });
  return 'execution' in command && command.verb !== 'sync' ? command.execution.cloud : undefined;
}

const run = 'spimquant s3://b/bids s3://b/out participant --cloud';

describe('settings of cloud machines', () => {
  it('stand in package.json as the flags have them (scripts/cloudSettings.ts writes them)', () => {
    assert.equal(withCloudSettings(manifest), manifest);
  });

  it('have the name of every flag that they give a default for', () => {
    const every = Object.fromEntries(cloudSettingFlags.map(({ name }) => [settingOfFlag(name), '1']));
    assert.deepEqual(Object.keys(settingsFrom((id) => every[id]).cloud()).sort(), cloudSettingFlags.map(({ name }) => name).sort());
  });

  it('say nothing as long as nobody has changed them', () => {
    const contributed = cloudSettingContributions();
    const untouched = Object.fromEntries(Object.entries(contributed).map(([id, each]) => [id, each['default']]));
    assert.deepEqual(machines(run, untouched), machines(run, {}));
  });

  it('hold for runs with --cloud where neither the command nor its file says otherwise', () => {
    const settings = {
      'spimquant.cloud.vmType': ['m6i.xlarge', 'm5.xlarge'], 'spimquant.cloud.region': ' eu-west-1 ', 'spimquant.cloud.spot': 'on-demand', 'spimquant.cloud.disk': '200GB', 'spimquant.cloud.workers': 7,
      'spimquant.cloud.tags': ['project=plaques'], 'spimquant.cloud.timeout': '6h', 'spimquant.cloud.maxCost': 50, 'spimquant.cloud.confirmAbove': 5,
    };
    const usual = machines(run, settings);
    assert.ok(usual);
    assert.deepEqual([usual.vmTypes, usual.region, usual.spot, usual.diskGigabytes, usual.workers], [['m6i.xlarge', 'm5.xlarge'], 'eu-west-1', 'on-demand', 200, 7]);
    assert.deepEqual([usual.tags, usual.taskLimitMs, usual.maxDollars, usual.confirmAbove], [{ project: 'plaques' }, 6 * 3_600_000, 50, 5]);
    assert.equal(machines(`${run} --cloud_region us-east-1`, settings)?.region, 'us-east-1');
    assert.equal(machines(`${run} --config spimquant.yaml`, settings, { 'spimquant.yaml': 'cloud_workers: 3\n' })?.workers, 3);
    // Who describes the machine does not want the one that the settings name.
    assert.deepEqual([machines(`${run} --cloud_cpu 16`, settings)?.vmTypes, machines(`${run} --cloud_cpu 16`, settings)?.cpu], [[], 16]);
    assert.equal(machines('spimquant s3://b/bids s3://b/out participant', settings), undefined);
  });

  it('that cannot be used name themselves', () => {
    for (const [id, value, rule] of [
      ['spimquant.cloud.workers', 0, /from 1 to 1000/], ['spimquant.cloud.disk', 'big', /amount of memory/], ['spimquant.cloud.spot', 'sometimes', /on-demand/],
      ['spimquant.cloud.region', {}, /must be text/], ['spimquant.cloud.maxCost', -1, /at least 0/],
    ] as const) {
      assert.throws(() => machines(run, { [id]: value }), (error: unknown) => {
        assert.ok(error instanceof SpimquantError);
        assert.equal(error.code, 'bad-option');
        assert.equal(error.where, id);
        assert.match(`${error.message} ${error.hint ?? ''}`, rule);
        return true;
      });
    }
  });
});
