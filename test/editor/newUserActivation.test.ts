import { strict as assert } from 'node:assert';
import { activationTime } from './support/activation.ts';
import { callDriver } from './support/driver.ts';
import { currentPhase, inPhase } from './support/phase.ts';

const limitMs = 50;
const name = (phase: string): string => `activation ${phase}`;
const last = 'in another window';

// A machine that does other things measures those too: the best of several windows is what the extension itself needs.
for (const phase of ['first look', 'after a reload', 'after a crash of the extension host', 'after a broken connection', last]) {
  inPhase(phase, () => {
    it('has been activated, and the editor says how long it took', async () => {
      const time = await activationTime();
      if (time === undefined) return;
      assert.ok(Number.isFinite(time), `The editor says ${time}.`);
      await callDriver('keep', { name: name(phase), value: time });
      if (phase !== last) return;
      const before = Object.entries(currentPhase().kept).filter(([key]) => key.startsWith(name(''))).map(([, value]) => Number(value));
      const times = [...before, time];
      assert.ok(Math.min(...times) < limitMs, `It took ${times.join(', ')} ms.`);
    });
  });
}
