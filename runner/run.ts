import { pipelinePlanner } from './backends/planner.ts';
import { runProcess } from './server/runProcess.ts';

await runProcess({ planner: pipelinePlanner });
