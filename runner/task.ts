import { runMachineTask } from './backends/coiled/machineTask.ts';
import { pipelinePlanner } from './backends/planner.ts';
import { reportError } from './protocol/errors.ts';

const abort = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { abort.abort(); });
try {
  process.exit(await runMachineTask(process.env, { planner: pipelinePlanner }, abort.signal));
} catch (error) {
  const { message, hint, where } = reportError(error);
  process.stderr.write(`spimquant: ${[message, where, hint].filter((part) => part !== undefined).join(' ')}\n`);
  process.exit(abort.signal.aborted ? 75 : 1);
}
