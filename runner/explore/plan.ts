import { askLocally, planLocally } from '../backends/local.ts';
import type { RunCommand } from '../backends/local.ts';
import { pipelinePlanner } from '../backends/planner.ts';
import type { Result } from '../protocol/results.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import { count, formatBytes, formatScope } from '../wording/words.ts';
import { facts, notices } from './blocks.ts';
import type { ExploreContext } from './explore.types.ts';

/** Rows of the table of steps. */
const mostRows = 300;

/** What a run would do, and why. Changes nothing. Throws errors for the user. */
export async function plan(command: RunCommand, text: string, context: ExploreContext): Promise<Result> {
  const { signal, env, clock = Date.now } = context;
  const { cloud } = command.execution;
  if (command.verb !== 'group' && cloud !== undefined) return (await import('./cloudPlan.ts')).cloudPlan(placed(command, context.cwd), cloud, text, context);
  context.progress('Planning');
  if (command.execution.external !== undefined) {
    const { lines, code } = await askLocally(placed(command, context.cwd), { env, signal });
    return {
      title: `Snakemake's plan of ${command.verb}`, command: text,
      blocks: [...notices('error', code === 0 ? [] : [`The installed SPIMquant ended with exit code ${code}.`]), { kind: 'text', text: lines.join('\n') }, ...notices('info', ['Nothing was run: this is what Snakemake says.'])],
    };
  }
  const { plan: planned, prepared, output } = await planLocally(placed(command, context.cwd), { planner: pipelinePlanner, clock, env, signal, onEvent: () => undefined });
  const { run } = prepared.decision;
  const toRun = planned.tasks.filter((task) => run.has(task.id));
  const scopes = [...new Set(planned.tasks.map((task) => task.scope))];
  return {
    title: `Plan of ${command.verb}`,
    command: text,
    blocks: [
      ...notices('error', planned.failures.map(({ participant, error }) => `${formatScope(participant)} cannot be run: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`)),
      ...notices('warn', planned.notices),
      facts({
        Steps: `${toRun.length} to run, ${planned.tasks.length - toRun.length} up to date`,
        'To read': formatBytes(toRun.reduce((sum, task) => sum + task.readBytes, 0)),
        Memory: `${formatBytes(toRun.reduce((most, task) => Math.max(most, task.memoryBytes), 0))} for the largest step`,
        Output: output,
      }),
      {
        kind: 'table', columns: [{ label: 'for' }, { label: 'to run', numeric: true }, { label: 'up to date', numeric: true }, { label: 'reads' }],
        rows: scopes.map((scope) => {
          const tasks = planned.tasks.filter((task) => task.scope === scope);
          const due = tasks.filter((task) => run.has(task.id));
          return [formatScope(scope), due.length, tasks.length - due.length, formatBytes(due.reduce((sum, task) => sum + task.readBytes, 0))];
        }),
      },
      ...(toRun.length === 0 ? [] : [{
        kind: 'table' as const, title: 'Steps to run', columns: [{ label: 'for' }, { label: 'step' }, { label: 'why' }, { label: 'reads' }],
        rows: toRun.slice(0, mostRows).map((task) => [formatScope(task.scope), task.title, run.get(task.id)?.words ?? '', task.readBytes > 0 ? formatBytes(task.readBytes) : null]),
        ...(toRun.length > mostRows ? { total: toRun.length } : {}),
      }]),
      ...notices('info', [`Nothing was done: this is only the plan of ${count(planned.tasks.length, 'step')}.`]),
    ],
  };
}

/** The command with its folders as absolute paths. */
function placed<C extends RunCommand>(command: C, cwd: string): C {
  const place = (uri: string): string => normaliseUri(expandHome(uri), cwd);
  const { workDir } = command.execution;
  const execution = workDir === undefined || /^[$/~]/.test(workDir) ? command.execution : { ...command.execution, workDir: place(workDir) };
  const ends = { bids: place(command.bids), output: place(command.output), execution };
  if (command.verb === 'group') return { ...command, ...ends };
  const { templateDir } = command.options;
  return { ...command, ...ends, options: templateDir === undefined ? command.options : { ...command.options, templateDir: place(templateDir) } };
}
