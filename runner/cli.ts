import { pipelinePlanner } from './backends/planner.ts';
import { runProcess } from './cli/process.ts';

await runProcess({ planner: pipelinePlanner });
