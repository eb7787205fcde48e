import { spawn } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { currentPhase } from '../support/phase.ts';
import { until } from '../support/until.ts';
import type { LabAddress, LabStanding } from './lab.types.ts';

/** Starts a lab as a process of its own, which outlives this window. */
export async function startLab(): Promise<LabAddress> {
  const file = join(await mkdtemp(join(tmpdir(), 'spimquant-lab-')), 'lab.json');
  // Suites are bundled into a folder of the checkout.
  const checkout = resolve(dirname(currentPhase().files[0]), '../..');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(checkout, 'test/editor/cloudLab/program.ts'), file], { detached: true, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } });
  let ended: number | null | undefined;
  child.on('exit', (code) => { ended = code; });
  child.unref();
  return until('the lab is there', async () => {
    if (ended !== undefined) throw new Error(`The lab ended with ${ended ?? 'a signal'}.`);
    return readFile(file, 'utf8').then((text) => JSON.parse(text) as LabAddress, () => undefined);
  }, 60_000);
}

export async function labStanding({ control }: LabAddress): Promise<LabStanding> {
  return await (await fetch(`http://127.0.0.1:${control}/`)).json() as LabStanding;
}

export async function endLab({ control }: LabAddress): Promise<void> {
  await fetch(`http://127.0.0.1:${control}/`, { method: 'DELETE' });
}
