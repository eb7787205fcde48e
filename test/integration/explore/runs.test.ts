import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Journal } from '../../../runner/engine/journal.ts';
import { explore } from '../../../runner/explore/explore.ts';
import type { ExploreContext } from '../../../runner/explore/explore.types.ts';
import { processMark } from '../../../runner/monitor/process.ts';
import type { RunIntent } from '../../../runner/protocol/runs.ts';
import type { Result } from '../../../runner/protocol/results.ts';
import { commandsOf, factsOf, fails, noticesOf, tablesOf } from './support.ts';

describe('looking at runs and results', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  const context = (more: Partial<ExploreContext> = {}): ExploreContext =>
    ({ signal: new AbortController().signal, env: { SPIMQUANT_STATE_DIR: join(folder, 'state') }, cwd: folder, progress: () => undefined, log: () => undefined, ...more });
  const ask = (text: string, more?: Partial<ExploreContext>): Promise<Result> => explore(text, context(more));
  const begin = (id: string, more: Partial<RunIntent> = {}): Journal => {
    const journal = new Journal(join(folder, 'state', 'runs'), {
      id, command: 'spimquant bids out participant', verb: 'participant', bids: '/data/bids', output: '/data/out', options: {}, version: '0',
      pid: 1, process: 'long gone', host: hostname(), started: '2026-03-04T05:06:07Z', ...more,
    }, () => 1000);
    journal.append({ type: 'run-started', pid: 1, host: hostname() });
    return journal;
  };

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'spimquant-runs-')); });
  afterEach(async () => {
    child?.kill('SIGKILL');
    child = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  it('says when there are none', async () => {
    assert.match(noticesOf(await ask('runs'))[0], /no runs yet/);
    await assert.rejects(ask('logs last'), fails('not-found', /no runs yet/));
  });

  it('lists runs, newest first, and tells one that was killed', async () => {
    const done = begin('20260304-050607-aaaaaa');
    done.append({ type: 'run-finished', outcome: 'succeeded' });
    done.close();
    begin('20260305-050607-bbbbbb').close();
    const [table] = tablesOf(await ask('runs'));
    assert.deepEqual(table.rows.map(([id, state]) => [id, state]), [['20260305-050607-bbbbbb', 'interrupted'], ['20260304-050607-aaaaaa', 'done']]);
  });

  it('shows the log and what failed', async () => {
    const journal = begin('20260304-050607-aaaaaa');
    journal.append({ type: 'run-planned', tasks: [{ id: 'sub-01/segment', stage: 'segment', scope: '01', title: 'segment Abeta' }], reused: 2 });
    journal.append({ type: 'task-started', task: 'sub-01/segment' });
    journal.append({ type: 'task-log', task: 'sub-01/segment', level: 'warn', message: 'Dim.' });
    journal.append({ type: 'task-failed', task: 'sub-01/segment', error: { code: 'no-signal', message: 'Nothing there.', hint: 'Look.' } });
    journal.append({ type: 'run-finished', outcome: 'failed' });
    journal.close();
    const result = await ask('logs aaaa');
    assert.ok(noticesOf(result).includes('error: sub-01, segment Abeta: Nothing there. Look.'));
    assert.match(result.blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : [])).join('\n'), /warn\s+sub-01\/segment: Dim\./);
    assert.equal(factsOf(result).State, 'done, with failures');
    assert.match(noticesOf(await ask('cancel aaaa'))[0], /over already/);
  });

  it('wants to know which run is meant', async () => {
    begin('20260304-050607-aaaaaa').close();
    begin('20260304-050607-aaaabb').close();
    await assert.rejects(ask('logs aaaa'), fails('not-found', /2 runs have/));
    await assert.rejects(ask('logs zzz'), fails('not-found', /no run "zzz"/));
    assert.equal((await ask('logs last')).title, 'Run 20260304-050607-aaaabb');
  });

  it('cancels the process of a run, and no other that has its number', async () => {
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    begin('20260304-050607-aaaaaa', { pid, process: 'another process' }).close();
    assert.match(noticesOf(await ask('cancel aaaaaa'))[0], /its process is gone/);
    assert.equal(child.signalCode, null);
    begin('20260304-050608-bbbbbb', { pid, process: processMark(pid) }).close();
    assert.ok(commandsOf(await ask('runs')).includes('spimquant cancel 20260304-050608-bbbbbb'));
    const ended = once(child, 'exit');
    assert.match(noticesOf(await ask('cancel last'))[0], /^info: Cancelled\./);
    await ended;
    assert.equal(child.signalCode, 'SIGTERM');
  });

  it('results rank regions over participants, and show what groups differ in', async () => {
    const write = async (path: string, rows: readonly (readonly (string | number)[])[]): Promise<void> => {
      await mkdir(dirname(join(folder, 'out', path)), { recursive: true });
      await writeFile(join(folder, 'out', path), rows.map((row) => `${row.join('\t')}\n`).join(''));
    };
    const head = ['index', 'name', 'Abeta+count', 'Abeta+fieldfrac', 'Abeta+volume', 'Abeta+density'];
    const table = (label: string): string => `sub-${label}/tabular/sub-${label}_seg-all_from-ABAv3_desc-otsu+k3i2_mergedsegstats.tsv`;
    await write(table('01'), [head, [0, 'outside', 99, 1, 1, 99], [1, 'cortex', 10, 2, 10, 1], [2, 'thalamus', 30, 4, 10, 3]]);
    await write(table('02'), [head, [1, 'cortex', 90, 2, 10, 9], [2, 'thalamus', 10, 4, 10, 1]]);
    await write('sub-03/micr/x.json', [['{}']]);
    await write('group/1/seg-all_from-ABAv3_contrast-genotype+WTvsKO_desc-otsu+k3i2_groupstats.tsv', [
      ['index', 'name', 'n_WT', 'n_KO', 'Abeta+density_mean_WT', 'Abeta+density_mean_KO', 'Abeta+density_std_WT', 'Abeta+density_std_KO', 'Abeta+density_tstat', 'Abeta+density_pval', 'Abeta+density_qval', 'Abeta+density_cohensd'],
      [1, 'cortex', 3, 3, 1, 2, 1, 1, 1, 0.5, 0.6, 0.3], [2, 'thalamus', 3, 3, 5, 2, 1, 1, 4, 0.01, 0.02, 2.5],
    ]);
    const result = await ask('results out');
    const [regions, contrast] = tablesOf(result);
    assert.deepEqual(regions.rows.map((row) => row.slice(0, 3)), [['cortex', 5, 50], ['thalamus', 2, 20]]);
    assert.match(regions.title ?? '', /mean of 2 participants/);
    assert.deepEqual(contrast.rows[0], ['thalamus', 5, 2, 2.5, 0.01, 0.02]);
    assert.ok(noticesOf(result).some((text) => /No region tables yet of sub-03/.test(text)));
    const charts = result.blocks.filter((block) => block.kind === 'chart');
    assert.deepEqual(charts.map(({ series, rows }) => [series, rows]), [
      [['Abeta'], [{ label: 'cortex', values: [5] }, { label: 'thalamus', values: [2] }]],
      [['WT', 'KO'], [{ label: 'thalamus', values: [5, 2] }, { label: 'cortex', values: [1, 2] }]],
    ]);
    assert.deepEqual(result.views, [{ kind: 'outputs', uri: join(folder, 'out') }]);
    const one = tablesOf(await ask('results out --participant-label 01'))[0];
    assert.deepEqual(one.rows.map((row) => row.slice(0, 2)), [['thalamus', 3], ['cortex', 1]]);
    await assert.rejects(ask('results out --stain Iba1'), fails('not-found', /stain Iba1/));
    await assert.rejects(ask('results out --participant-label 04'), fails('not-found', /sub-04/));
    await assert.rejects(ask('results nowhere'), fails('not-found', /nothing at/));
  });

  it('the demo stops when cancelled, and leaves what is not its own alone', async () => {
    const abort = new AbortController();
    await assert.rejects(ask('demo d', { signal: abort.signal, progress: () => setImmediate(() => abort.abort()) }), (error: Error) => error.name === 'AbortError' || (error as { code?: string }).code === 'cancelled');
    // What it has begun it may go on with.
    const again = new AbortController();
    await assert.rejects(ask('demo d', { signal: again.signal, progress: () => again.abort() }), (error: Error) => error.name === 'AbortError');
    await mkdir(join(folder, 'mine', 'bids'), { recursive: true });
    await writeFile(join(folder, 'mine', 'bids', 'precious.txt'), 'x');
    await assert.rejects(ask('demo mine'), fails('already-exists', /something else/));
    assert.equal(await readFile(join(folder, 'mine', 'bids', 'precious.txt'), 'utf8'), 'x');
  });
});
