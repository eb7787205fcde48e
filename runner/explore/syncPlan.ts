import { planSync } from '../backends/sync.ts';
import type { SyncCommand } from '../protocol/options.ts';
import type { Result } from '../protocol/results.ts';
import type { TransferOutlook } from '../protocol/transferOutlook.ts';
import { copyReasonWords, sumWords } from '../transfer/words.ts';
import { count, formatBytes } from '../wording/words.ts';
import { facts, notices } from './blocks.ts';
import type { ExploreContext } from './explore.types.ts';

/** Rows of each table. */
const mostRows = 200;
/** Names of files to delete that a question shows. */
const mostNamed = 12;

/** What a transfer would do, and why. Changes nothing. Throws errors for the user. */
export async function syncPlan(command: SyncCommand, text: string, context: ExploreContext): Promise<Result> {
  const { signal, env, cwd } = context;
  context.progress('Comparing');
  await using dry = await planSync(command, { env, signal, cwd, progress: (compared) => { context.progress(`Comparing: ${count(compared, 'file')}`); } });
  const { plan, ends, cost, refusal } = dry;
  const copies: (readonly (string | number | null)[])[] = [];
  for (const last of [false, true]) {
    for await (const { key, size, why } of plan.items(last)) {
      if (copies.length < mostRows) copies.push([key, formatBytes(size), copyReasonWords[why]]);
      else break;
    }
  }
  const deletions = await firstOf(plan.deletions(), ({ key, size }) => [key, formatBytes(size)]);
  const transfer: TransferOutlook = {
    source: ends.source.uri, destination: ends.destination.uri, copy: plan.copy, upToDate: plan.skip, delete: plan.delete, deletions: deletions.slice(0, mostNamed).map(([key]) => String(key)),
    onlyAtDestination: plan.extra, problems: plan.problems, ...(cost === undefined ? {} : { cost: cost.text }),
    ...(refusal === undefined ? {} : { refusal: { error: refusal, confirmable: dry.confirmable } }),
  };
  const problems = await firstOf(plan.problemList(), ({ key, reason }) => [key, reason]);
  return {
    title: 'Plan of sync',
    command: text,
    transfer,
    blocks: [
      ...notices('error', refusal === undefined ? [] : [`${refusal.message}${refusal.hint === undefined ? '' : ` ${refusal.hint}`}`]),
      facts({
        From: ends.source.uri, To: ends.destination.uri, 'To copy': sumWords(plan.copy), 'Up to date': sumWords(plan.skip),
        ...(command.options.deletes ? { 'To delete': sumWords(plan.delete) } : plan.extra > 0 ? { 'Only at the destination': `${count(plan.extra, 'file')}, left there` } : {}),
        ...(plan.excluded > 0 ? { 'Left out': count(plan.excluded, 'file') } : {}), ...(plan.problems > 0 ? { 'Cannot be copied': count(plan.problems, 'file') } : {}),
      }),
      ...notices('warn', cost === undefined ? [] : [cost.text]),
      ...tableOf('To copy', [{ label: 'file' }, { label: 'size' }, { label: 'why' }], copies, plan.copy.files),
      ...tableOf('To delete', [{ label: 'file' }, { label: 'size' }], deletions, plan.delete.files),
      ...tableOf('Cannot be copied', [{ label: 'file' }, { label: 'why', wrap: true }], problems, plan.problems),
      ...notices('info', ['Nothing was done: this is only the plan.']),
    ],
  };
}

async function firstOf<T>(items: AsyncIterable<T>, row: (item: T) => readonly (string | number | null)[]): Promise<(readonly (string | number | null)[])[]> {
  const rows: (readonly (string | number | null)[])[] = [];
  for await (const item of items) {
    if (rows.length === mostRows) break;
    rows.push(row(item));
  }
  return rows;
}

function tableOf(title: string, columns: readonly { readonly label: string; readonly wrap?: boolean }[], rows: readonly (readonly (string | number | null)[])[], total: number): Result['blocks'] {
  return rows.length === 0 ? [] : [{ kind: 'table', title, columns, rows, ...(total > rows.length ? { total } : {}) }];
}
