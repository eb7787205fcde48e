import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { SpimquantError } from '../../runner/protocol/errors.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import { datasetName } from '../runs/runWords.ts';
import type { Services } from '../services.ts';

/** Scheme of files of buckets that are shown as read-only text. */
export const remoteFileScheme = 'spimquant-file';

/** Largest file of a bucket that is fetched to be shown. Bytes. */
const largest = 32 * 2 ** 20;

const textKinds = /\.(?:tsv|csv|json|txt|md|log|ya?ml|bids)$/i;
const pictureKinds = /\.(?:png|svg)$/i;

/** Whether an address is of a bucket rather than of a folder. */
export function isRemote(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(uri) && !uri.startsWith('file:');
}

/** Last part of a path or address. */
export function fileName(uri: string): string {
  return uri.split(/[\\/]/).filter((part) => part !== '').at(-1) ?? uri;
}

/** Opens a file that is no report, in the way its kind asks for. */
export async function openFile(services: Services, uri: string, storage: StorageChoice): Promise<void> {
  if (!isRemote(uri)) return openLocal(uri);
  if (textKinds.test(uri)) {
    const document = await vscode.workspace.openTextDocument(remoteFileUri(uri, storage));
    await vscode.window.showTextDocument(document, { preview: true });
  } else if (pictureKinds.test(uri)) {
    await showPicture(services, uri, storage);
  } else {
    await vscode.env.clipboard.writeText(uri);
    void vscode.window.showInformationMessage(`${fileName(uri)} cannot be shown here. Its address is in the clipboard.`);
  }
}

async function openLocal(path: string): Promise<void> {
  const uri = vscode.Uri.file(path);
  let type: vscode.FileType;
  try {
    ({ type } = await vscode.workspace.fs.stat(uri));
  } catch (cause) {
    throw new SpimquantError('not-found', `There is no file ${fileName(path)} any more.`, { where: path, cause });
  }
  const isText = (type & vscode.FileType.File) !== 0 && (textKinds.test(path) || pictureKinds.test(path));
  await (isText ? vscode.commands.executeCommand('vscode.open', uri) : reveal(path));
}

/** Shows a folder or file where the user can go on with it: in the Explorer if it is below the workspace, else by the file manager. */
export async function reveal(path: string): Promise<void> {
  const uri = vscode.Uri.file(path);
  if (vscode.workspace.getWorkspaceFolder(uri) !== undefined) {
    await vscode.commands.executeCommand('revealInExplorer', uri);
  } else if (vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined) {
    await vscode.commands.executeCommand('revealFileInOS', uri);
  } else {
    // The file manager of the user's machine cannot see this one.
    await vscode.env.clipboard.writeText(path);
    void vscode.window.showInformationMessage(`${path.replace(homedir(), '~')}: the path is in the clipboard.`);
  }
}

async function showPicture({ runner, panels }: Services, uri: string, storage: StorageChoice): Promise<void> {
  const { base64 } = await runner.request('storage.read', { uri, maxBytes: largest, storage });
  const bytes = Buffer.from(base64, 'base64');
  const isPng = /\.png$/i.test(uri);
  const [width, height] = isPng ? [bytes.readUInt32BE(16), bytes.readUInt32BE(20)] : [960, 720];
  const title = fileName(uri);
  panels.showResult({
    title,
    command: '',
    blocks: [
      { kind: 'figures', figures: [{ alt: title, title: `${datasetName(uri)}`, mediaType: isPng ? 'image/png' : 'image/svg+xml', data: isPng ? base64 : bytes.toString('utf8'), width, height }] },
      { kind: 'facts', facts: [{ label: 'Address', value: uri }] },
    ],
  });
}

/** A file of a bucket as the editor addresses it; says all that is needed to fetch it again. */
function remoteFileUri(uri: string, storage: StorageChoice): vscode.Uri {
  return vscode.Uri.from({ scheme: remoteFileScheme, path: `/${fileName(uri)}`, query: JSON.stringify({ uri, storage }) });
}

/** Contents of files of buckets, fetched when they are shown. */
export class RemoteFiles implements vscode.TextDocumentContentProvider {
  readonly #services: () => Services;

  constructor(services: () => Services) {
    this.#services = services;
  }

  async provideTextDocumentContent(address: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const abort = new AbortController();
    const listener = token.onCancellationRequested(() => { abort.abort(); });
    try {
      const { uri, storage } = JSON.parse(address.query) as { readonly uri: string; readonly storage: StorageChoice };
      const { base64 } = await this.#services().runner.request('storage.read', { uri, maxBytes: largest, storage }, { signal: abort.signal });
      return Buffer.from(base64, 'base64').toString('utf8');
    } finally {
      listener.dispose();
    }
  }
}
