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
});
