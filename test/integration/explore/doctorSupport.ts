import assert from 'node:assert/strict';
import { doctor } from '../../../runner/explore/doctor.ts';
import type { CheckName, Health, HealthCheck, ServiceHealth } from '../../../runner/protocol/health.ts';
import type { Result } from '../../../runner/protocol/results.ts';
import type { StorageChoice } from '../../../runner/protocol/storageChoice.ts';
import { resultText } from '../../../runner/wording/resultText.ts';
import { inEnvironment } from '../../helpers/inEnvironment.ts';
import type { UserHome } from '../../helpers/userHome.ts';

/** What a user sees of an answer, and what programs do. */
export interface Consultation {
  readonly result: Result;
  readonly health: Health;
  readonly text: string;
  /** Of the only service, or the one of that scheme. */
  service(scheme?: ServiceHealth['scheme']): ServiceHealth;
  check(name: CheckName, scheme?: ServiceHealth['scheme']): HealthCheck;
  /** Texts of notices of a level. */
  notices(level: 'info' | 'warn' | 'error'): readonly string[];
}

export interface Question {
  readonly uri?: string;
  readonly storage?: StorageChoice;
  /** Added to the user's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly patienceMs?: number;
  readonly clock?: () => number;
}

/** `spimquant doctor` in the environment of a user, as the program's threads and the command line carry it out. */
export async function consult(home: UserHome, { uri, storage = {}, env = {}, signal = new AbortController().signal, patienceMs, clock }: Question): Promise<Consultation> {
  const whole = home.env(env);
  const result = await inEnvironment(whole, () => doctor({ verb: 'doctor', uri, storage, show: { json: false, quiet: false } }, 'spimquant doctor', {
    signal, env: whole, cwd: home.folder, progress: () => undefined, log: () => undefined, clock,
  }, patienceMs));
  const { health } = result;
  assert.ok(health !== undefined);
  const service = (scheme?: ServiceHealth['scheme']): ServiceHealth => {
    const found = scheme === undefined ? health.services[0] : health.services.find((each) => each.scheme === scheme);
    assert.ok(found !== undefined, `There is nothing about ${scheme ?? 'any service'}`);
    return found;
  };
  return {
    result, health, text: resultText(result, { width: 100, color: false }), service,
    check: (name, scheme) => {
      const found = service(scheme).checks.find((each) => each.name === name);
      assert.ok(found !== undefined, `${name} was not checked`);
      return found;
    },
    notices: (level) => result.blocks.flatMap((block) => (block.kind === 'notice' && block.level === level ? [block.text] : [])),
  };
}
