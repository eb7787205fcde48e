import * as vscode from 'vscode';
import type { CoiledAccess } from '../../runner/protocol/coiledAccess.ts';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { ServiceHealth } from '../../runner/protocol/health.ts';
import type { Services } from '../services.ts';
import { tokenKey } from './coiledAccess.ts';

const doctorText = 'spimquant doctor coiled';
const terminalName = 'SPIMquant: Coiled';
/** As the runner's answer names a token of ours. */
const ownSource = 'token that the editor keeps';

/** Shows who is signed in to Coiled and whether machines can be had there. */
export async function checkCoiled(services: Services): Promise<void> {
  const result = await services.explore(doctorText);
  if (result !== undefined) services.panels.showResult(result);
}

/** Signs in by Coiled's own program in a terminal, or with a token that is tried before it is kept. */
export async function signInToCoiled(services: Services): Promise<void> {
  const items = [
    { label: '$(key) Enter a token', description: 'kept in the secret storage of the editor', way: 'token' },
    { label: '$(terminal) coiled login', description: 'in a terminal; needs the Python package coiled', way: 'login' },
  ];
  const picked = await vscode.window.showQuickPick(items, { title: 'Sign in to Coiled', placeHolder: 'How do you sign in?' });
  if (picked === undefined) return;
  if (picked.way === 'login') {
    logIn();
    return;
  }
  const token = await askToken();
  if (token === undefined) return;
  const access = { ...(await services.coiled()), token };
  const health = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: 'Asking Coiled about the token' }, () => examine(services, access));
  refuseUnlessAccepted(health);
  await services.context.secrets.store(tokenKey, token);
  const { identity } = health;
  const ill = health.checks.find(({ outcome, problem }) => outcome === 'no' && problem !== undefined);
  const who = `Signed in to Coiled as ${identity?.name ?? 'somebody'}${identity?.account === undefined ? '' : `, workspace ${identity.account}`}.`;
  const message = ill === undefined ? who : `${who} ${ill.said} ${ill.problem?.step ?? ''}`;
  // Not waited for: the command is over when the token is kept.
  void (ill === undefined ? vscode.window.showInformationMessage(message, 'Show Details') : vscode.window.showWarningMessage(message, 'Show Details')).then((answer) => {
    if (answer !== undefined) void vscode.commands.executeCommand('spimquant.coiled.check');
  });
}

/** Forgets the token that the editor keeps. */
export async function signOutOfCoiled({ context: { secrets } }: Services): Promise<void> {
  const kept = (await secrets.get(tokenKey)) !== undefined;
  await secrets.delete(tokenKey);
  void vscode.window.showInformationMessage(kept
    ? 'Signed out of Coiled: the editor keeps no token any more. The token itself stays valid until it is revoked at Coiled.'
    : 'The editor keeps no token of Coiled. One of "coiled login" or DASK_COILED__TOKEN stays in use.');
}

/** Tells, with the way to sign in, when nobody is signed in to Coiled. Silent when that cannot be found out. */
export async function tellUnlessSignedIn(services: Services): Promise<void> {
  const health = await examine(services, await services.coiled()).catch(() => undefined);
  const signIn = health?.checks.find(({ name }) => name === 'sign-in');
  if (signIn?.outcome !== 'no' || !(signIn.problem?.code === 'auth-missing' || signIn.problem?.code === 'auth-expired')) return;
  const answer = await vscode.window.showWarningMessage(`Runs on Coiled need a sign-in. ${signIn.said}`, 'Sign in to Coiled');
  if (answer !== undefined) await vscode.commands.executeCommand('spimquant.coiled.signIn');
}

function logIn(): void {
  const idle = vscode.window.terminals.find(({ name, exitStatus }) => name === terminalName && exitStatus === undefined);
  const terminal = idle ?? vscode.window.createTerminal({ name: terminalName, iconPath: new vscode.ThemeIcon('key') });
  terminal.show();
  terminal.sendText('coiled login');
}

async function askToken(): Promise<string | undefined> {
  const token = await vscode.window.showInputBox({
    title: 'Sign in to Coiled', prompt: 'A token of your Coiled account: make one at cloud.coiled.io under Profile, API tokens.', password: true, ignoreFocusOut: true,
    validateInput: (value) => (/^[\x21-\x7e]*$/.test(value.trim()) ? undefined : 'A token has no blanks and no letters with accents.'),
  });
  return token === undefined || token.trim() === '' ? undefined : token.trim();
}

async function examine(services: Services, coiled: CoiledAccess): Promise<ServiceHealth> {
  const { health } = await services.runner.request('explore', { text: doctorText, cwd: services.cwd(), token: crypto.randomUUID(), coiled });
  const service = health?.services.at(0);
  if (service === undefined) throw new SpimquantError('internal', 'The runner said nothing about Coiled.');
  return service;
}

function refuseUnlessAccepted({ checks, identity }: ServiceHealth): void {
  const signIn = checks.find(({ name }) => name === 'sign-in');
  if (identity !== undefined && identity.source !== ownSource) {
    throw new SpimquantError('bad-option', `The token was not kept: the ${identity.source} goes before it.`, { hint: 'Unset that variable and start the editor anew, or go on with it.' });
  }
  if (signIn?.outcome === 'yes') return;
  throw new SpimquantError(signIn?.problem?.code ?? 'network', `The token was not kept. ${signIn?.said ?? 'Coiled did not answer.'}`, { hint: signIn?.problem?.step });
}
