import { reportError } from '../../../runner/protocol/errors.ts';
import { noticeResult } from './cellOutput.ts';
import type { Services } from '../../services.ts';
import type { CellDisplay } from './cellDisplay.ts';
import type { Job, JobEnd } from './job.ts';
import { showsResult } from './outputItems.ts';
import { realTime, Throttle } from './throttle.ts';

/** Milliseconds after which a cell without a result says what goes on. */
const patience = 400;
/** Milliseconds between two such messages. */
const progressInterval = 250;

/**
 * Carries out a command that is no run. The result of the last time stays until the new one is there, so that a figure
 * changes in place while a threshold is tuned.
 */
export async function exploreCell(services: Services, job: Job, text: string, display: CellDisplay, changed: () => void): Promise<JobEnd> {
  const { runner } = services;
  const token = crypto.randomUUID();
  const keepsResult = showsResult(job.cell);
  const progress = new Throttle<string>(progressInterval, realTime, async (message) => {
    job.progress = message;
    changed();
    if (!keepsResult) await display.showResult(noticeResult('Working', text, message)).catch(() => undefined);
  });
  const listening = runner.on('explore.progress', (event) => { if (event.token === token) progress.push(event.message); });
  const callOff = realTime.after(patience, () => { if (job.progress === undefined) progress.push('Asking the runner.'); });
  try {
    const result = await runner.request('explore', { text, cwd: services.cwd(), token, coiled: await services.coiled() }, { signal: job.abort.signal });
    listening.dispose();
    callOff();
    await progress.flush();
    await display.showResult(result);
    return { success: true };
  } catch (error) {
    if (reportError(error).code === 'cancelled' && !keepsResult && job.progress !== undefined) {
      await progress.flush();
      await display.showResult(noticeResult('Cancelled', text, 'The command was cancelled before it had answered.'));
    }
    throw error;
  } finally {
    listening.dispose();
    callOff();
    progress.dispose();
  }
}
