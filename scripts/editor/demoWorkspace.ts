// A workspace to try things in: the demo's generated brains, and the sample notebook that works on them.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spimquant } from '../demo/command.ts';
import { root } from './paths.ts';

/** The sample notebook of a workspace. What is there already stays as the person has left it. */
export async function makeDemoWorkspace(workspace: string, env: Readonly<Record<string, string>>, say: (text: string) => void): Promise<{ readonly notebook: string; readonly dataset: string }> {
  const dataset = join(workspace, 'demo');
  const notebook = join(workspace, 'sample.spimnb');
  await mkdir(workspace, { recursive: true });
  if (!existsSync(join(dataset, 'participants.tsv'))) {
    say('Generating four small brains for the demo.');
    const made = await spimquant(['demo', dataset], { env });
    if (made.code !== 0) throw new Error(`The demo dataset was not made:\n${made.stderr}${made.stdout}`);
  }
  if (!existsSync(notebook)) {
    const sample = await readFile(join(root, 'extension/samples/sample.spimnb'), 'utf8');
    // Paths relative to the workspace, so that the folder can be moved.
    await writeFile(notebook, sample.replaceAll('{{dataset}}', 'demo').replaceAll('{{output}}', 'demo-output'));
  }
  return { notebook, dataset };
}
