import type { StorageChoice } from '../protocol/storageChoice.ts';
import { SpimquantError } from '../protocol/errors.ts';

/** Variable by which a machine knows what run it works for. Holds no secret. */
export const requestVariable = 'SPIMQUANT_CLOUD_RUN';
/** Variable by which a task of a job knows its participant. */
export const participantVariable = 'SPIMQUANT_PARTICIPANT';

/** What a machine has to know before it can read anything. */
export interface MachineRequest {
  readonly run: string;
  /** URI of the output. */
  readonly output: string;
  /** How the output is reached. */
  readonly storage: StorageChoice;
  /** Digest of the runner. */
  readonly bundle: string;
  /** Milliseconds after which the machine ends the task by force. */
  readonly taskLimitMs: number;
}

/** Reads the request of this machine. Throws `bad-option`. */
export function machineRequest(env: Readonly<Record<string, string | undefined>>): MachineRequest {
  try {
    const request = JSON.parse(env[requestVariable] ?? '') as Partial<MachineRequest> | null;
    if (typeof request?.run === 'string' && typeof request.output === 'string' && typeof request.bundle === 'string' && typeof request.taskLimitMs === 'number') {
      return { run: request.run, output: request.output, bundle: request.bundle, taskLimitMs: request.taskLimitMs, storage: request.storage ?? {} };
    }
  } catch {
    // Told below.
  }
  throw new SpimquantError('bad-option', `${requestVariable} does not say what to work on.`, { hint: 'This program is started by cloud runs alone.' });
}

/** The participant that this task works on. Throws `bad-option`. */
export function requestedParticipant(env: Readonly<Record<string, string | undefined>>): string {
  const label = env[participantVariable] ?? '';
  if (!/^[A-Za-z0-9+]+$/.test(label)) throw new SpimquantError('bad-option', `${participantVariable} names no participant.`);
  return label;
}
