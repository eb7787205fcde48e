import { readFileSync } from 'node:fs';
import { formatHelp } from '../command/help.ts';
import { parseCommandText } from '../command/parse.ts';
import { programVersion } from '../pipeline/plan/provenance.ts';
import { SpimquantError } from '../protocol/errors.ts';
import { hideSecretsIn } from '../protocol/knownSecrets.ts';
import type { Command } from '../protocol/options.ts';
import { isRunCommand } from '../protocol/options.ts';
import type { Result } from '../protocol/results.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import { facts, notices } from './blocks.ts';
import { cloudCancel, cloudLogs, cloudRuns, isOutput } from './cloudRuns.ts';
import { cost } from './cost.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import type { ExploreContext } from './explore.types.ts';
import { histogram } from './histogram.ts';
import { info } from './info.ts';
import { ls } from './ls.ts';
import { plan } from './plan.ts';
import { results } from './results.ts';
import { cancel, logs, runs } from './runs.ts';
import { segment } from './segment.ts';
import { slice } from './slice.ts';
import { syncPlan } from './syncPlan.ts';
import { validate } from './validate.ts';

/**
 * Carries out a command that is not a run, in text form: looks, and answers with a page of blocks. The same for terminal,
 * notebooks and panels, and without secrets. Throws errors for the user, `bad-option` for a run that is more than planned.
 */
export async function explore(text: string, context: ExploreContext): Promise<Result> {
  const parsed = parseCommandText(text, { readFile: (path) => readFileSync(normaliseUri(expandHome(path), context.cwd), 'utf8') });
  const result = await answer(parsed.command, parsed.text, context);
  return hideSecretsIn(parsed.notices.length === 0 ? result : { ...result, blocks: [...notices('info', parsed.notices), ...result.blocks] });
}

async function answer(command: Command, text: string, context: ExploreContext): Promise<Result> {
  if (isRunCommand(command)) {
    if (command.execution.dryRun && !command.execution.unlock) return command.verb === 'sync' ? syncPlan(command, text, context) : plan(command, text, context);
    throw new SpimquantError('bad-option', `This is a run, which writes to ${command.output}: it is started, not looked at.`, { hint: 'Put "plan" before it, or add -n, to see what it would do.' });
  }
  switch (command.verb) {
    case 'help':
      return { title: command.topic === undefined ? 'Help' : `Help on ${command.topic}`, command: text, blocks: [{ kind: 'text', text: formatHelp(command.topic, { width: 100, color: false }) }] };
    case 'version':
      return { title: 'Version', command: text, blocks: [facts({ SPIMquant: programVersion, Node: process.versions.node, System: `${process.platform} ${process.arch}` })] };
    case 'info': return info(command, text, context);
    case 'ls': return ls({ uri: command.uri, storage: command.storage, ...command.options }, text, context);
    case 'validate': return validate({ uri: command.uri, storage: command.storage, ...command.options }, text, context);
    case 'slice': return slice(command, text, context);
    case 'histogram': return histogram(command, text, context);
    case 'segment': return segment(command, text, context);
    case 'results': return results(command, text, context);
    case 'doctor': return doctor(command, text, context);
    case 'runs': return command.uri === undefined ? runs(text, context) : cloudRuns(command.uri, command.storage, text, context);
    case 'logs': return isOutput(command.run) ? cloudLogs(command.run, command.storage, text, context) : logs(command.run, text, context);
    case 'cancel': return isOutput(command.run) ? cloudCancel(command.run, command.storage, text, context) : cancel(command.run, text, context);
    case 'cost': return cost(command, text, context);
    case 'demo': return demo(command.folder, text, context);
  }
}
