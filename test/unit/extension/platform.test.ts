import assert from 'node:assert/strict';
import { settingIds, settingsFrom } from '../../../extension/platform/settings.ts';
import { requireTrust, untrusted } from '../../../extension/platform/trust.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';

const settingsOf = (values: Readonly<Record<string, unknown>>) => settingsFrom((id) => values[id]);

describe('Settings', () => {
  it('are read as the runner needs them', () => {
    const settings = settingsOf({ [settingIds.cores]: 'all', [settingIds.memory]: '16GB', [settingIds.nodePath]: ' /opt/node ', [settingIds.resourceInterval]: 0.5, [settingIds.idleMinutes]: 15, [settingIds.notify]: false });
    assert.equal(settings.cores(), 'all');
    assert.equal(settings.memoryBytes(), 16e9);
    assert.equal(settings.nodePath(), '/opt/node');
    assert.equal(settings.resourceIntervalMs(), 500);
    assert.equal(settings.idleMinutes(), 15);
    assert.equal(settings.notify(), false);
    assert.equal(settingsOf({ [settingIds.cores]: 4 }).cores(), 4);
    assert.equal(settingsOf({}).memoryBytes(), undefined);
    assert.equal(settingsOf({}).nodePath(), undefined);
    assert.equal(settingsOf({}).notify(), true);
  });

  it('that cannot be used name themselves and the rule', () => {
    const refusals: readonly (readonly [keyof typeof settingIds, unknown, (settings: ReturnType<typeof settingsOf>) => unknown, RegExp])[] = [
      ['cores', 'many', (settings) => settings.cores(), /must be a number of cores/],
      ['cores', 0, (settings) => settings.cores(), /must be a number of cores/],
      ['cores', {}, (settings) => settings.cores(), /must be a number of cores/],
      ['memory', 'lots', (settings) => settings.memoryBytes(), /amount of memory/],
      ['memory', 16, (settings) => settings.memoryBytes(), /must be text/],
      ['resourceInterval', 0, (settings) => settings.resourceIntervalMs(), /from 0.25 to 60/],
      ['idleMinutes', 'x', (settings) => settings.idleMinutes(), /at least 0.05/],
    ];
    for (const [name, value, read, rule] of refusals) {
      assert.throws(() => read(settingsOf({ [settingIds[name]]: value })), (error: unknown) => {
        assert.ok(error instanceof SpimquantError);
        assert.equal(error.code, 'bad-option');
        assert.equal(error.where, settingIds[name]);
        assert.match(error.message, rule);
        return true;
      });
    }
  });
});

describe('Workspace trust', () => {
  it('is needed for runs', () => {
    requireTrust(true);
    assert.throws(() => { requireTrust(false); }, (error: unknown) => error instanceof SpimquantError && error.code === 'access-denied' && error.where === untrusted && error.hint !== undefined);
  });
});
