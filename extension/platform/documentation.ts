import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';

/** Pages in the order in which a user needs them; others follow by name. */
const order = ['vscode', 'viewer', 'outputs-view', 'getting-started', 'exploring', 'commands', 'outputs', 'storage', 'transfers', 'aws', 'google-cloud', 'azure', 'coiled', 'cost', 'logs-and-monitoring', 'troubleshooting', 'security'];

/** A page of the documentation: its file in the extension's folder, and its heading. */
interface Page {
  readonly file: string;
  readonly title: string;
}

/** Asks which page of the documentation, and shows it. The pages come with the extension, so that they are of the same version and need no network. */
export async function openDocumentation(folder: vscode.Uri): Promise<void> {
  const pages = await pagesIn(join(folder.fsPath, 'docs'));
  const picked = await vscode.window.showQuickPick(pages.map(({ file, title }) => ({ label: title, file })), { title: 'SPIMquant Documentation', placeHolder: 'Which page?' });
  if (picked !== undefined) await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.file(picked.file));
}

async function pagesIn(docs: string): Promise<readonly Page[]> {
  const names = (await readdir(docs)).filter((name) => name.endsWith('.md')).map((name) => name.slice(0, -3)).sort();
  const sorted = [...order.filter((name) => names.includes(name)), ...names.filter((name) => !order.includes(name))];
  return Promise.all(sorted.map(async (name): Promise<Page> => {
    const file = join(docs, `${name}.md`);
    return { file, title: /^# (.+)$/m.exec(await readFile(file, 'utf8'))?.[1] ?? name };
  }));
}
