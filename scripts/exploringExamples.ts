// Writes the answers for programs into docs/exploring.md: what the tool says of a small generated dataset.
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explore } from '../runner/explore/explore.ts';
import type { PhantomParticipant } from '../runner/phantom/cohort.ts';
import { writePhantomDataset } from '../runner/phantom/dataset.ts';
import type { ExploreData } from '../runner/protocol/exploreData.ts';
import { SpimquantError } from '../runner/protocol/errors.ts';
import { LocalStore } from '../runner/storage/local/localStore.ts';

/** The commands that the page shows, with `/data` for the folder of the dataset. */
export const exampleCommands = [
  'spimquant ls /data/bids --limit 1', 'spimquant ls /data/scans', 'spimquant info /data/bids',
  'spimquant info /data/bids/sub-01/micr/sub-01_sample-brain_acq-phantom_SPIM.ome.zarr', 'spimquant validate /data/bids',
] as const;

function tiny(label: string, seed: number, treatment: string): PhantomParticipant {
  return {
    label, columns: { treatment }, ngff: '0.4', levels: 2, sidecar: false,
    subject: {
      seed, stains: ['YoPro', 'Abeta'], orientation: 'RAS', size: [37, 43, 30], voxelSize: [0.32, 0.32, 0.32],
      shape: { deformation: 0.2, rotation: 3, scaling: 0.03, translation: 0.2 }, bias: 0.2, noise: 8,
      plaques: { CTX: 2 }, cells: {}, cellsOnPlaques: 0, objectVoxels: [8, 12],
    },
  };
}

/** Writes the dataset of the examples, and a folder that is none, into a folder. */
export async function writeExampleData(folder: string): Promise<void> {
  await writePhantomDataset(new LocalStore(join(folder, 'bids')), [tiny('01', 1, 'drug'), tiny('02', 2, 'control')]);
  const scans = join(folder, 'scans');
  await mkdir(join(scans, 'raw'), { recursive: true });
  await writeFile(join(scans, 'raw', 'notes.txt'), 'x');
  await writeFile(join(scans, 'protocol.pdf'), 'x'.repeat(2048));
  await utimes(join(scans, 'protocol.pdf'), 1_767_261_600, 1_767_261_600);
}

/** What a command of the page answers for programs. `folder` stands where the command says `/data`. */
export async function exampleData(command: string, folder: string): Promise<ExploreData> {
  const { data } = await explore(command.replace('/data', folder), { signal: new AbortController().signal, env: {}, cwd: folder, progress: () => undefined, log: () => undefined });
  if (data === undefined) throw new SpimquantError('internal', `${command} answers nothing for programs.`);
  return JSON.parse(JSON.stringify(data).replaceAll(folder, '/data')) as ExploreData;
}

/** The page with its examples written anew. Throws when a place for one is missing. */
export async function withExamples(page: string, folder: string): Promise<string> {
  let text = page;
  for (const command of exampleCommands) {
    const head = `\`\`\`\n${command} --json\n\`\`\`\n\n\`\`\`json\n`;
    const at = text.indexOf(head);
    if (at < 0) throw new Error(`docs/exploring.md has no example of ${command} --json.`);
    const begin = at + head.length;
    text = `${text.slice(0, begin)}${laidOut(await exampleData(command, folder))}\n${text.slice(text.indexOf('```', begin))}`;
  }
  return text;
}

/** JSON with a line for each key, and one for each item of a list of objects. */
function laidOut(data: ExploreData): string {
  const spaced = (value: unknown): string => JSON.stringify(value, undefined, 1).replace(/\n */g, ' ').replaceAll('[ ', '[').replaceAll(' ]', ']');
  const lines = Object.entries(data).map(([key, value]: readonly [string, unknown]) => {
    const rows = Array.isArray(value) && value.some((item) => typeof item === 'object') ? `[\n${value.map((item) => `    ${spaced(item)}`).join(',\n')}\n  ]` : spaced(value);
    return `  ${JSON.stringify(key)}: ${rows}`;
  });
  return `{\n${lines.join(',\n')}\n}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL('../docs/exploring.md', import.meta.url);
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-examples-'));
  try {
    await writeExampleData(folder);
    await writeFile(page, await withExamples(await readFile(page, 'utf8'), folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
