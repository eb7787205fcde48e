import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { ErrorReport } from '../../runner/protocol/errors.ts';
import type { TransferOutlook } from '../../runner/protocol/transferOutlook.ts';
import type { Result } from '../../runner/protocol/results.ts';
import { bucketOf, reachWords } from '../explorer/datasets/reach.ts';
import { cellText, lineOf } from '../forms/buildCommand.ts';
import { isBucket } from '../forms/paths.ts';
import { pickOne } from '../forms/pickers.ts';
import type { Choice } from '../forms/pickers.ts';
import { insertCommandCell } from '../notebook/insertCell.ts';
import type { Services } from '../services.ts';
import { deletionQuestion, doesAnything, outlookText, sumText, whatText } from './outlookWords.ts';
import { askLeftOut, askOptions, askReach, askSource, askTarget, rememberTarget } from './questions.ts';
import type { TransferSource } from './sources.ts';
import type { Direction } from './suggestions.ts';
import { syncParts, usualOptions } from './syncCommand.ts';
import type { Transfer } from './syncCommand.ts';

const verbs: Readonly<Record<Direction, { readonly title: string; readonly icon: string }>> = {
  download: { title: 'Download', icon: 'cloud-download' }, upload: { title: 'Upload', icon: 'cloud-upload' }, sync: { title: 'Sync', icon: 'sync' },
};

/** What is done next: with the command, or with an answer that is changed. */
type Next = 'start' | 'insert' | 'copy' | 'plan' | 'again' | 'target' | 'reach' | 'sourceReach' | 'options' | 'leftOut' | 'signIn' | 'close';

/**
 * Asks what is copied where, shows what that comes to, and starts it when the user agrees. Sources come one after another;
 * leaving one leaves the others. None: it is asked for.
 */
export async function openTransferForm(services: Services, direction: Direction, sources: readonly TransferSource[]): Promise<void> {
  if (sources.length === 0) {
    const source = await askSource(services, direction, verbs[direction].title);
    if (source !== undefined) await transfer(services, direction, source);
    return;
  }
  for (const source of sources) if (!(await transfer(services, direction, source))) return;
}

/** True: it was started or put to use; false: the user left. */
async function transfer(services: Services, direction: Direction, source: TransferSource): Promise<boolean> {
  const title = `${verbs[direction].title} ${source.title}`;
  const target = await askTarget(services, direction, title, source);
  if (target === undefined) return false;
  let asked: Transfer = { source, target, options: usualOptions, leftOut: [] };
  if (direction === 'sync') {
    const options = await askOptions(title, source, true, asked.options);
    if (options === undefined) return false;
    asked = { ...asked, options };
  }
  for (let plan = await planOf(services, asked); ;) {
    const next = 'error' in plan ? await afterFailure(title, plan.error, asked) : await review(direction, title, plan.outlook, asked);
    switch (next) {
      case undefined:
      case 'close': return false;
      case 'start': {
        if ('error' in plan) break;
        if (!(await start(services, asked, plan.outlook))) break;
        return true;
      }
      case 'insert':
        await insertCommandCell(cellText(syncParts(asked)));
        return true;
      case 'copy':
        await vscode.env.clipboard.writeText(lineOf(syncParts(asked)));
        vscode.window.setStatusBarMessage('The command is copied.', 3000);
        return true;
      case 'plan':
        if (!('error' in plan)) services.panels.showResult(plan.result);
        break;
      case 'signIn':
        await vscode.commands.executeCommand('spimquant.signIn', 'error' in plan ? plan.error.where ?? target.uri : target.uri);
        break;
      default: {
        const changed = next === 'again' ? asked : await change(services, direction, title, asked, next);
        // Who looks at a question and leaves it is back at the plan.
        if (changed === undefined) break;
        asked = changed;
        plan = await planOf(services, asked);
      }
    }
  }
}

type Planned = { readonly outlook: TransferOutlook; readonly result: Result } | { readonly error: ErrorReport };

/** Asks the runner what would be done, and shows it in full beside the questions. */
async function planOf(services: Services, asked: Transfer): Promise<Planned> {
  try {
    const result = await services.explore(`${lineOf(syncParts(asked))} -n`);
    if (result?.transfer === undefined) return { error: { code: 'cancelled', message: 'The comparison was cancelled.', hint: 'Nothing was changed.' } };
    services.panels.showResult(result);
    return { outlook: result.transfer, result };
  } catch (error) {
    return { error: reportError(error) };
  }
}

async function review(direction: Direction, title: string, outlook: TransferOutlook, asked: Transfer): Promise<Next | undefined> {
  const { copy, delete: deletes, cost, refusal, problems } = outlook;
  const refused = refusal !== undefined && !refusal.confirmable;
  const { icon } = verbs[direction];
  const deed = [...(copy.files > 0 ? [`${direction === 'sync' ? 'Copy' : verbs[direction].title} ${sumText(copy)}`] : []), ...(deletes.files > 0 ? [`${copy.files > 0 ? 'delete' : 'Delete'} ${sumText(deletes)}…`] : [])].join(', ');
  const deeds: readonly Choice<Next>[] = refused
    ? [{ label: `$(error) ${refusal.error.message}`, detail: refusal.error.hint, value: 'again' }]
    : doesAnything(outlook)
      ? [{ label: `$(${icon}) ${deed}`, description: 'a run, which goes on when the window is closed', value: 'start', picked: true }]
      : [{ label: '$(check) Everything is there already', description: outlookText(outlook), value: 'close' }];
  const picked = await pickOne<Next>({
    title, placeholder: outlookText(outlook),
    choices: [
      ...deeds,
      ...(cost === undefined ? [] : [{ label: '$(credit-card) Data leave a region, which may cost', detail: cost, value: 'plan' as const }]),
      ...(problems > 0 ? [{ label: `$(warning) ${problems === 1 ? '1 file cannot' : `${problems.toLocaleString('en')} files cannot`} be copied`, description: 'the plan names them', value: 'plan' as const }] : []),
      { label: '$(notebook) Insert into notebook', description: 'as a cell', value: 'insert' },
      { label: '$(copy) Copy', description: 'the command line', value: 'copy' },
      { label: '$(list-tree) Show the plan', description: 'every file, and why', value: 'plan' },
      { label: 'choose a line to change it' },
      ...changes(asked),
    ],
  });
  return picked.kind === 'picked' ? picked.value : undefined;
}

/** What can be answered otherwise. */
function changes({ source, target, options, leftOut }: Transfer): readonly Choice<Next>[] {
  return [
    { label: `$(${isBucket(target.uri) ? 'cloud' : 'folder'}) To ${target.uri}`, value: 'target' },
    ...(isBucket(target.uri) ? [{ label: '$(key) Reached by', description: reachWords(target.storage), value: 'reach' as const }] : []),
    { label: `$(list-selection) ${whatText(source, options)}`, value: 'options' },
    { label: `$(exclude) Left out: ${leftOut.length === 0 ? 'nothing' : leftOut.join(' ')}`, value: 'leftOut' },
  ];
}

/** The transfer with one answer changed; undefined: the user has left it as it was. */
async function change(services: Services, direction: Direction, title: string, asked: Transfer, what: Exclude<Next, 'again'>): Promise<Transfer | undefined> {
  const { source, target, options, leftOut } = asked;
  switch (what) {
    case 'target': {
      const other = await askTarget(services, direction, title, source);
      return other === undefined ? undefined : { ...asked, target: other };
    }
    case 'reach': {
      const storage = await askReach(services, title, target);
      return storage === undefined ? undefined : { ...asked, target: { ...target, storage } };
    }
    case 'sourceReach': {
      const storage = await askReach(services, title, source);
      return storage === undefined ? undefined : { ...asked, source: { ...source, storage } };
    }
    case 'options': {
      const chosen = await askOptions(title, source, direction === 'sync', options);
      return chosen === undefined ? undefined : { ...asked, options: chosen };
    }
    case 'leftOut': {
      const patterns = await askLeftOut(title, leftOut);
      return patterns === undefined ? undefined : { ...asked, leftOut: patterns };
    }
    default: return undefined;
  }
}

/** Asks what to do about a plan that could not be made. */
async function afterFailure(title: string, error: ErrorReport, { source, target }: Transfer): Promise<Next | undefined> {
  if (error.code === 'cancelled') return 'close';
  // The address in an error tells which side it is about, where both are buckets.
  const at = error.where === undefined ? undefined : bucketOf(error.where);
  const ofTarget = isBucket(target.uri) && (at === bucketOf(target.uri) || !isBucket(source.uri));
  const ofSource = isBucket(source.uri) && (at === bucketOf(source.uri) || !isBucket(target.uri));
  const signIn = error.code === 'auth-expired' || error.code === 'auth-missing';
  const picked = await pickOne<Next>({
    title: `${title}: it cannot be compared`, placeholder: 'What shall be done?',
    choices: [
      { label: `$(error) ${error.message}`, detail: error.hint, value: 'again' },
      { label: 'what to do' },
      ...(signIn ? [{ label: '$(sign-in) Sign in…', description: 'then choose Try again', value: 'signIn' as const, picked: true }] : []),
      ...(ofTarget ? [{ label: '$(key) Reach the destination another way…', description: reachWords(target.storage), value: 'reach' as const }] : []),
      ...(ofSource ? [{ label: '$(key) Reach the source another way…', description: reachWords(source.storage), value: 'sourceReach' as const }] : []),
      { label: '$(folder) Another destination…', description: target.uri, value: 'target' },
      { label: '$(refresh) Try again', value: 'again', picked: !signIn },
    ],
  });
  return picked.kind === 'picked' ? picked.value : undefined;
}

/** Starts the run; false: deleting was not confirmed. Not more is deleted than was confirmed. */
async function start(services: Services, asked: Transfer, outlook: TransferOutlook): Promise<boolean> {
  const deletes = asked.options.includes('delete') && outlook.delete.files > 0;
  if (deletes && !(await isDeletingMeant(outlook))) return false;
  // Without anything to delete now, nothing that comes up later is deleted unasked.
  const agreed = deletes ? asked : { ...asked, options: asked.options.filter((option) => option !== 'delete') };
  await services.startRun({ text: lineOf(syncParts(agreed, outlook.delete.files)), cwd: services.cwd() });
  await rememberTarget(services, asked.source.uri, asked.target);
  await vscode.commands.executeCommand('spimquant.runs.show');
  return true;
}

/** Asks before anything is deleted; the usual answer is no. */
async function isDeletingMeant(outlook: TransferOutlook): Promise<boolean> {
  const { question, warnings, files, yes } = deletionQuestion(outlook);
  const picked = await pickOne<boolean>({
    title: question, placeholder: 'These files are at the destination alone. Shall they be deleted?',
    choices: [
      { label: '$(discard) Delete nothing', description: 'back to the plan', value: false, picked: true },
      { label: `$(trash) ${yes}`, description: outlook.copy.files > 0 ? `after ${sumText(outlook.copy)} were copied` : undefined, detail: warnings[0], value: true },
      { label: 'only at the destination' },
      // They are there to be read; taking one is no answer.
      ...files.map((file) => ({ label: `$(file) ${file}`, value: false })),
    ],
  });
  return picked.kind === 'picked' && picked.value;
}
