import { startOnMachine } from './cloud/start.ts';
import { reportError } from './protocol/errors.ts';
import { openStore } from './storage/open.ts';

try {
  process.exit(await startOnMachine(process.env, openStore));
} catch (error) {
  const { message, hint, where } = reportError(error);
  process.stderr.write(`spimquant: ${[message, where, hint].filter((part) => part !== undefined).join(' ')}\n`);
  process.exit(1);
}
