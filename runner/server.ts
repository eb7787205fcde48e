import { fileURLToPath } from 'node:url';
import { serve } from './server/serve.ts';

const file = import.meta.url.endsWith('.ts') ? './run.ts' : './run.js';
await serve({ runProgram: fileURLToPath(new URL(file, import.meta.url)) });
