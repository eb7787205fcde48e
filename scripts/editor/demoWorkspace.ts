// A workspace to try things in: the demo's generated brains, and the sample notebook that works on them.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleText } from '../../extension/notebook/commands/sampleText.ts';
import { DatasetList } from '../../runner/server/datasetList.ts';
import { spimquant } from '../demo/command.ts';
import { root } from './paths.ts';
import type { Profile } from './profile.ts';

/**
 * Puts the sample where its command looks for it, and the dataset into the list. What is there already stays as the
 * person has left it.
 *
 * @returns the notebook
 */
export async function makeDemoWorkspace({ workspace, state, env }: Profile, say: (text: string) => void): Promise<string> {
  const folder = join(workspace, 'spimquant-sample');
  const demo = join(folder, 'demo');
  const dataset = join(demo, 'bids');
  const notebook = join(folder, 'sample.spimnb');
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(dataset, 'participants.tsv'))) {
    say('Generating four small brains for the demo.');
    const made = await spimquant(['demo', demo], { env });
    if (made.code !== 0) throw new Error(`The demo dataset was not made:\n${made.stderr}${made.stdout}`);
    await new DatasetList(state, Date.now, (_level, message) => { say(message); }).add({ uri: dataset, storage: {} });
  }
  if (!existsSync(notebook)) {
    const sample = await readFile(join(root, 'extension/samples/sample.spimnb'), 'utf8');
    await writeFile(notebook, sampleText(sample, dataset, join(demo, 'out')));
  }
  return notebook;
}
