import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LockSystem } from '../../../runner/engine/lock.ts';
import { keepWorkMs, sweepWorkFolders, WorkFolder } from '../../../runner/engine/workFolder.ts';
import { toyTask } from '../../fixtures/engine/toyTasks.ts';
import { RunnerBench, until } from '../server/runnerBench.ts';
import { Bench, saying } from './cliProcess.ts';

const part = toyTask('sub-01/part', ['dataset:image.txt'], ['work:sub-01/part.txt']);
const hanging = [part, toyTask('sub-01/long', ['work:sub-01/part.txt'], ['output:sub-01/a.tsv'], { stage: 'hang' })];
const whole = [part, toyTask('sub-01/long', ['work:sub-01/part.txt'], ['output:sub-01/a.tsv'])];
const day = 86_400_000;

describe('temporary files of runs that were killed', function () {
  this.timeout(60_000);
  let bench: Bench;
  const started: ChildProcess[] = [];
  beforeEach(() => { bench = new Bench(hanging, { SPIMQUANT_KEEP_WORK_DAYS: '0' }); });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    bench.remove();
  });

  /** A run that has come as far as a step that does not end. */
  async function hangs(out: string): Promise<ChildProcess> {
    const child = bench.start(['--json'], out);
    started.push(child);
    await saying(child, /hanging/);
    return child;
  }

  /** A run that is ended by kill -9 when its first step is done. Where its temporary files are. */
  async function killed(out: string): Promise<string> {
    const child = await hangs(out);
    child.kill('SIGKILL');
    await once(child, 'close');
    const work = join(out, '.spimquant', 'work');
    assert.ok(existsSync(join(work, 'sub-01', 'part.txt')));
    return work;
  }

  it('are removed by the next run, which says so; those of a run that goes on, and results, stay', async () => {
    const [dead, alive] = [join(bench.folder, 'dead'), join(bench.folder, 'alive')];
    const other = await hangs(alive);
    const work = await killed(dead);
    bench.plan(whole);
    const next = await bench.events();
    assert.equal(next.code, 0);
    assert.ok(!existsSync(work));
    assert.ok(existsSync(join(dead, '.spimquant', 'output.json')));
    assert.ok(existsSync(join(alive, '.spimquant', 'work', 'sub-01', 'part.txt')));
    const said = next.events.flatMap((event) => (event.type === 'run-log' ? [event.message] : []));
    assert.ok(said.some((message) => message.includes(work) && message.includes('never gone on with')), said.join('\n'));
    other.kill('SIGKILL');
    await once(other, 'close');
    // What was removed is made anew when the run is gone on with after all.
    assert.equal((await bench.run([], dead)).code, 0);
    assert.deepEqual(readdirSync(join(dead, 'sub-01')), ['a.tsv']);
    assert.ok(!existsSync(join(alive, '.spimquant', 'work')), 'that run is dead as well by now');
  });

  it('are removed when the runner of the editor starts', async () => {
    const work = await killed(join(bench.folder, 'dead'));
    const runner = new RunnerBench(whole, { SPIMQUANT_KEEP_WORK_DAYS: '0', SPIMQUANT_STATE_DIR: bench.state });
    try {
      await runner.client().request('runs.list', { limit: 1 });
      await until(() => !existsSync(work), 'the folder is gone');
    } finally {
      // Its state is the other bench's.
      const pid = (JSON.parse(readFileSync(join(bench.state, 'runner', readdirSync(join(bench.state, 'runner'))[0], 'runner.json'), 'utf8')) as { readonly pid: number }).pid;
      await runner.remove();
      process.kill(pid, 'SIGKILL');
    }
  });
});

describe('whose a folder of temporary files is', () => {
  let root: string;
  let register: string;
  let work: string;
  const now = Date.now();
  const system = (more: Partial<LockSystem> = {}): LockSystem => ({ pid: 4242, host: 'here', isAlive: () => false, processMark: () => 'boot/1', ...more });
  const sweep = async (more: Partial<LockSystem> = {}, keepMs = 7 * day): Promise<boolean> => (await sweepWorkFolders({ register, keepMs, clock: () => now, system: system(more) })).length === 1;

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'work-'));
    [register, work] = [join(root, 'register'), join(root, 'out', 'work')];
    await WorkFolder.claim(work, 's3://lab/out', register, system());
    writeFileSync(join(work, 'image.nii'), 'voxels');
    age(8);
  });
  afterEach(() => { rmSync(root, { recursive: true, force: true }); });

  /** Makes everything so many days old. */
  function age(days: number): void {
    const time = (now - days * day) / 1000;
    for (const folder of [register, join(root, 'out')]) for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) utimesSync(join(folder, path), time, time);
  }

  it('of a dead process, and old: removed', async () => {
    assert.ok(await sweep());
    assert.deepEqual([existsSync(work), readdirSync(register)], [false, []]);
  });

  it('of a process that is alive: kept, however old', async () => {
    assert.ok(!(await sweep({ isAlive: () => true })));
    assert.ok(existsSync(join(work, 'image.nii')));
  });

  it('of a process whose number another has by now: removed', async () => {
    assert.ok(await sweep({ isAlive: () => true, processMark: () => 'boot/2' }));
    assert.ok(!existsSync(work));
  });

  it('of another machine: kept', async () => {
    assert.ok(!(await sweep({ host: 'there' })));
    assert.ok(existsSync(work) && readdirSync(register).length === 1);
  });

  it('of a run that was killed a few days ago, or wrote something then: kept to go on with', async () => {
    age(6);
    assert.ok(!(await sweep()));
    age(8);
    writeFileSync(join(work, 'late.nii'), 'voxels');
    assert.ok(!(await sweep()));
    assert.ok(existsSync(join(work, 'image.nii')));
    assert.ok(await sweep({}, 0 - day));
  });

  it('of another run by now, of another user of the disk, or moved away: left alone and forgotten', async () => {
    writeFileSync(join(work, '.spimquant', 'owner.json'), readFileSync(join(work, '.spimquant', 'owner.json'), 'utf8').replace(/"token":"\w+"/, '"token":"0123"'));
    assert.ok(!(await sweep()));
    assert.ok(existsSync(join(work, 'image.nii')));
    assert.deepEqual(readdirSync(register), []);
  });

  it('removed by halves: the rest goes the next time', async () => {
    const { token } = JSON.parse(readFileSync(join(work, '.spimquant', 'owner.json'), 'utf8')) as { readonly token: string };
    const gone = `${work}.gone-${token.slice(0, 8)}`;
    rmSync(join(work, '.spimquant'), { recursive: true });
    renameSync(work, gone);
    assert.ok(await sweep());
    assert.deepEqual([existsSync(gone), readdirSync(register)], [false, []]);
  });

  it('after its run has ended badly: kept for some days, although its process may be alive', async () => {
    const own = await WorkFolder.claim(work, 's3://lab/out', register, system());
    await own.leave();
    assert.ok(!(await sweep({ isAlive: () => true })));
    age(8);
    assert.ok(await sweep({ isAlive: () => true }));
  });

  it('how long they are kept is a variable, in days', () => {
    assert.equal(keepWorkMs({}), 7 * day);
    assert.equal(keepWorkMs({ SPIMQUANT_KEEP_WORK_DAYS: '0.5' }), day / 2);
    for (const text of ['-1', 'week']) assert.throws(() => keepWorkMs({ SPIMQUANT_KEEP_WORK_DAYS: text }), { code: 'bad-option' });
  });
});
