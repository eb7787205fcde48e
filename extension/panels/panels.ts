import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { Panels, Services } from '../services.ts';

/** What opens outside files of the workspace. Asks for the services when something is opened, not before. */
export function createPanels(_services: () => Services): Panels {
  const missing = (): Promise<never> => Promise.reject(new SpimquantError('internal', 'Panels are not part of this build.'));
  return { showResult: () => undefined, showReport: missing, showLog: missing, showFile: missing, showOutputs: missing, dispose: () => undefined };
}
