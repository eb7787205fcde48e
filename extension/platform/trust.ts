import { SpimquantError } from '../../runner/protocol/errors.ts';

/** What errors about a workspace that is not trusted name as their place. */
export const untrusted = 'workspace trust';

/** Throws `access-denied` unless the workspace is trusted. */
export function requireTrust(isTrusted: boolean): void {
  if (isTrusted) return;
  throw new SpimquantError('access-denied', 'This workspace is not trusted, and running the pipeline needs trust.', {
    where: untrusted,
    hint: 'Trust the workspace, then run again. Looking at datasets and images works without.',
  });
}
