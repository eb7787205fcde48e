import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explore } from '../explore/explore.ts';
import type { ExploreCommand } from '../protocol/options.ts';
import { picturesOf, type Figure, type Result } from '../protocol/results.ts';
import { expandHome, normaliseUri } from '../storage/uri.ts';
import { chartFigure } from '../wording/chartSvg.ts';
import { resultText } from '../wording/resultText.ts';
import { count, cut } from '../wording/words.ts';
import type { ExitCode, Terminal } from './main.ts';
import { wantsColor } from './reporters.ts';

/** Carries out an exploring command and prints its answer: text or JSON to standard output, what goes on to standard error. */
export async function answer(command: ExploreCommand, text: string, terminal: Terminal): Promise<ExitCode> {
  const { stdout, stderr, env, signal, clock } = terminal;
  const { json, quiet, save } = command.show;
  const live = !quiet && !json && stderr.isTTY === true && env.TERM !== 'dumb';
  const progress = (message: string): void => {
    if (live) stderr.write(`\r${cut(message, (stderr.columns ?? 80) - 1)}\u001b[K`);
  };
  let result: Result;
  try {
    result = await explore(text, { signal, env, cwd: process.cwd(), clock, progress, log: () => undefined });
  } finally {
    if (live) stderr.write('\r\u001b[K');
  }
  const figures = [...picturesOf(result), ...result.blocks.flatMap((block) => (block.kind === 'chart' ? [chartFigure(block)] : []))];
  const saved = save === undefined ? [] : await saveFigures(figures, normaliseUri(expandHome(save)), command.verb);
  if (json) {
    stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    const width = Math.max(40, stdout.columns ?? (Number(env.COLUMNS) || 100));
    stdout.write(`${resultText(result, { width, color: wantsColor(stdout, env) })}\n`);
    for (const path of saved) stdout.write(`figure: ${path}\n`);
    if (figures.length > 0 && save === undefined && !quiet) {
      stderr.write(`\n${count(figures.length, 'figure')}: --save FOLDER writes ${figures.length === 1 ? 'it' : 'them'} to files; in VS Code a notebook shows ${figures.length === 1 ? 'it' : 'them'}.\n`);
    }
  }
  return result.blocks.some((block) => block.kind === 'notice' && block.level === 'error') ? 1 : 0;
}

/** Writes figures as `verb-1.png`, `verb-2.svg` and so on. Returns their paths. */
async function saveFigures(figures: readonly Figure[], folder: string, verb: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [i, { mediaType, data }] of figures.entries()) {
    const path = join(folder, `${verb}-${i + 1}.${mediaType === 'image/png' ? 'png' : 'svg'}`);
    await writeFile(path, mediaType === 'image/png' ? Buffer.from(data, 'base64') : data);
    paths.push(path);
  }
  return paths;
}
