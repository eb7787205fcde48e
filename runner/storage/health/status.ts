import type { HealthCheck } from '../../protocol/health.ts';

/** Whether something does not work that is needed. Many may read and not write, and that is as it should be. */
export function isIll(checks: readonly HealthCheck[]): boolean {
  return checks.some(({ name, outcome }) => outcome === 'no' && name !== 'write' && name !== 'buckets');
}
