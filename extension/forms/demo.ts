import { join } from 'node:path';
import * as vscode from 'vscode';
import { joinWords } from '../../runner/command/shell.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import type { Services } from '../services.ts';
import { absoluteAddress, isBucket } from './paths.ts';
import { pickPath } from './pickPath.ts';
import { tell } from './steps.ts';

/** Makes the demo dataset in a folder that the user chooses, adds it to the list, and answers with it. */
export async function createDemo(services: Services): Promise<DatasetRef | undefined> {
  const workspace = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath;
  const folder = join(workspace ?? services.context.globalStorageUri.fsPath, 'spimquant-demo');
  for (;;) {
    const picked = await pickPath(services, { title: 'Create Demo Dataset', verb: 'Create in', value: folder, placeholder: 'A folder for four small generated brains' });
    if (picked.kind !== 'picked') return undefined;
    const uri = absoluteAddress(picked.value, services.cwd());
    if (isBucket(uri)) {
      await tell('The demo dataset is written into a folder of this machine, not into a bucket.');
      continue;
    }
    const result = await services.explore(joinWords(['spimquant', 'demo', uri]));
    if (result === undefined) return undefined;
    const dataset: DatasetRef = { uri: join(uri, 'bids'), storage: {} };
    await services.runner.request('datasets.add', { dataset });
    services.panels.showResult(result);
    return dataset;
  }
}
