import * as vscode from 'vscode';
import { onPage } from './support/driver.ts';

describe('the workbench', () => {
  it('has the three views behind the SPIMquant icon', async () => {
    await vscode.commands.executeCommand('workbench.view.extension.spimquant');
    await onPage(async (page) => {
      await page.see({ selector: '.activitybar a.action-label[aria-label^="SPIMquant"]' });
      for (const view of ['Datasets', 'Runs', 'Resources']) await page.see({ selector: '.pane-header .title', text: view });
      await page.screenshot({ name: 'workbench' });
    });
  });

  it('brings its documentation along', async () => {
    await onPage(async (page) => {
      const asked = vscode.commands.executeCommand('spimquant.documentation.open');
      await page.see({ selector: '.quick-input-list .monaco-list-row', text: 'SPIMquant in VS Code' });
      await page.type({ text: 'Troubleshooting' });
      await page.press({ keys: 'Enter' });
      await asked;
      await page.see({ selector: 'h1', text: 'Troubleshooting', inside: 'frames', timeoutMs: 30_000 });
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    });
  });
});
