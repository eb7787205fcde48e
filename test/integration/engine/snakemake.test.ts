import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askLocally, runLocally, unlockLocally } from '../../../runner/backends/local.ts';
import type { RunCommand, RunSummary } from '../../../runner/backends/local.ts';
import { pipelinePlanner } from '../../../runner/backends/planner.ts';
import { main } from '../../../runner/cli/main.ts';
import { parseArgv } from '../../../runner/command/parse.ts';
import { isAlive } from '../../../runner/monitor/process.ts';
import type { RunEvent } from '../../../runner/protocol/events.ts';
import { openStore } from '../../../runner/storage/open.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { S3Server } from '../../servers/s3Server.ts';
import { AwsHome } from '../storage/awsHome.ts';
import { saying } from './cliProcess.ts';

const standIn = fileURLToPath(new URL('../../fixtures/snakemake/standIn.mjs', import.meta.url));
const toyCli = fileURLToPath(new URL('../../fixtures/engine/toyCli.ts', import.meta.url));
const engine = ['--engine', 'snakemake', '--engine_command', `'${process.execPath}' '${standIn}'`];
const secret = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12';

describe('a run by the installed SPIMquant', () => {
  let folder: string;
  let bids: string;
  let out: string;
  let events: RunEvent[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spimquant-snakemake-'));
    [bids, out] = [join(folder, 'bids'), join(folder, 'out')];
    for (const label of ['01', '02']) {
      mkdirSync(join(bids, `sub-${label}`), { recursive: true });
      writeFileSync(join(bids, `sub-${label}`, 'image.txt'), 'voxels');
    }
    events = [];
  });
  afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

  const behave = (how: object): void => { writeFileSync(join(bids, 'behaviour.json'), JSON.stringify(how)); };
  const env = (): NodeJS.ProcessEnv => ({ ...process.env, SPIMQUANT_STATE_DIR: join(folder, 'state'), SPIMQUANT_CACHE_DIR: join(folder, 'cache'), AWS_SECRET_ACCESS_KEY: secret });
  const command = (flags: readonly string[] = [], from = bids, to = out): RunCommand => parseArgv([from, to, 'participant', ...engine, ...flags], { readFile: () => '' }).command as RunCommand;
  const run = (what: RunCommand, signal = new AbortController().signal, onEvent: (event: RunEvent) => void = () => undefined): Promise<RunSummary> => runLocally(what, 'spimquant', {
    planner: pipelinePlanner, clock: Date.now, env: env(), signal, onEvent: (event) => { events.push(event); onEvent(event); },
  });
  const statuses = ({ state }: RunSummary): Record<string, string> => Object.fromEntries([...state.tasks.values()].map(({ summary, status }) => [`${summary.stage} ${summary.scope}`, status]));
  const logged = (): string => events.flatMap((event) => (event.type === 'run-log' || event.type === 'task-log' ? [event.message] : [])).join('\n');

  it('has the stages, the progress and the results that Snakemake tells of, and does nothing twice', async () => {
    const first = await run(command(['-p', '--until', 'count']));
    assert.equal(first.outcome, 'succeeded');
    assert.deepEqual(statuses(first), { 'import_template template': 'finished', 'get_nii 01': 'finished', 'get_nii 02': 'finished', 'count 01': 'finished', 'count 02': 'finished', 'all_participant group': 'finished' });
    assert.equal(readFileSync(join(out, 'sub-02/tabular/sub-02_counts.tsv'), 'utf8'), '6\n');
    assert.match(readFileSync(join(out, 'calls.txt'), 'utf8'), /^participant -p --until count --cores all --rerun-incomplete --force-output\n$/);
    assert.ok(logged().includes('    jobid: 0') && logged().includes('uses token'));
    assert.ok(!readFileSync(join(first.runFolder, 'events.ndjson'), 'utf8').includes(secret));
    for (const name of ['lock.json', 'engine.json', 'output.json']) assert.ok(!existsSync(join(out, '.spimquant', name)), name);

    const second = await run(command());
    assert.equal(second.outcome, 'succeeded');
    assert.equal(second.state.tasks.size, 0);
  });

  it('says which step failed, for whom and why, shows its log, and goes on from there', async () => {
    behave({ fail: '01' });
    const failed = await run(command());
    assert.equal(failed.outcome, 'failed');
    assert.deepEqual(statuses(failed), { 'import_template template': 'finished', 'get_nii 01': 'finished', 'get_nii 02': 'finished', 'count 01': 'failed', 'count 02': 'skipped', 'all_participant group': 'skipped' });
    const task = [...failed.state.tasks.values()].find(({ status }) => status === 'failed');
    assert.equal(task?.error?.code, 'engine-failed');
    assert.match(task.error.message, /count for sub-01 .* exit code 3: ValueError: the image is empty$/);
    assert.equal(task.error.where, 'logs/count/sub-01.log');
    assert.deepEqual(failed.state.log.filter((line) => line.task !== undefined).map(({ level, message }) => `${level} ${message}`), ['error reading', 'error ValueError: the image is empty']);
    behave({});
    const again = await run(command());
    assert.equal(again.outcome, 'succeeded');
    assert.deepEqual(Object.keys(statuses(again)), ['count 01', 'count 02', 'all_participant group']);
  });

  it('is cancelled with every process below it, and gone on with', async () => {
    behave({ hang: '02' });
    const abort = new AbortController();
    const summary = await run(command(), abort.signal, (event) => { if (event.type === 'run-log' && event.message === 'sleeping') abort.abort(); });
    assert.equal(summary.outcome, 'cancelled');
    assert.equal(isAlive(Number(readFileSync(join(out, 'sleeper.txt'), 'utf8'))), false);
    assert.match(logged(), /Terminating processes on user request/);
    behave({});
    assert.equal((await run(command())).outcome, 'succeeded');
  });

  it('leaves no process when it is killed itself, and its lock does not stand in the way of the next', async () => {
    behave({ hang: '02' });
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', toyCli, bids, out, 'participant', ...engine, '--json'], { env: env(), stdio: ['ignore', 'pipe', 'pipe'] });
    await saying(child, /"sleeping"/);
    const sleeper = Number(readFileSync(join(out, 'sleeper.txt'), 'utf8'));
    child.kill('SIGKILL');
    await once(child, 'close');
    behave({});
    const lock = join(out, '.snakemake/locks/0.input.lock');
    // As if it had been ended by force as well.
    const next = run(command(), undefined, (event) => {
      if (event.type !== 'run-planned' || existsSync(lock)) return;
      mkdirSync(join(lock, '..'), { recursive: true });
      writeFileSync(lock, '');
    });
    assert.equal((await next).outcome, 'succeeded');
    assert.equal(isAlive(sleeper), false);
    assert.match(logged(), /Removes the lock that the Snakemake of an earlier run has left/);
  });

  it("does not touch the lock of somebody else's Snakemake, but for --unlock", async () => {
    mkdirSync(join(out, '.snakemake/locks'), { recursive: true });
    writeFileSync(join(out, '.snakemake/locks/0.input.lock'), '');
    writeFileSync(join(out, '.snakebids'), '{}');
    for (let time = 0; time < 2; time++) await assert.rejects(run(command()), { code: 'output-busy', hint: /--unlock/ });
    await unlockLocally(command(['--unlock']), { env: env(), signal: new AbortController().signal });
    assert.equal((await run(command())).outcome, 'succeeded');
  });

  it('shows what Snakemake says of its plan, and runs nothing', async () => {
    let stdout = '';
    const terminal = { stdout: { write: (text: string) => { stdout += text; } }, stderr: { write: () => undefined }, env: env(), clock: Date.now, signal: new AbortController().signal };
    assert.equal(await main([bids, out, 'participant', ...engine, '-n', '--participant-label', '02'], terminal, { planner: pipelinePlanner }), 0);
    assert.match(stdout, /rule count:\n {4}input: sub-02\/micr/);
    assert.match(stdout, /This was a dry-run/);
    assert.ok(!stdout.includes('sub-01') && !existsSync(join(out, 'calls.txt')));
  });

  it('says what is missing or refused before anything is begun, and what to do', async () => {
    const absent = parseArgv([bids, out, 'participant', '--engine', 'snakemake'], { readFile: () => '' }).command as RunCommand;
    await assert.rejects(runLocally(absent, 'x', { planner: pipelinePlanner, clock: Date.now, env: { ...env(), PATH: folder }, signal: new AbortController().signal }), (error: { code: string; message: string; hint: string }) =>
      error.code === 'engine-missing' && /no program spimquant in PATH/.test(error.message) && /--engine_command/.test(error.hint) && /embedded engine/.test(error.hint));
    assert.ok(!existsSync(out));
    const refused = command();
    const { external } = refused.execution;
    assert.ok(external);
    await assert.rejects(run({ ...refused, execution: { ...refused.execution, external: { ...external, flags: ['--nonsense'] } } }), { code: 'bad-option', message: /unrecognized arguments: --nonsense/ });
    writeFileSync(join(out, '.snakebids'), '{}');
    const embedded = parseArgv([bids, out, 'participant'], { readFile: () => '' }).command as RunCommand;
    await assert.rejects(run(embedded), { code: 'already-exists', message: /Python SPIMquant/ });
  });

  describe('with buckets', () => {
    const home = new AwsHome();
    let server: S3Server;
    beforeEach(async () => {
      await home.enter({ keys: defaultCredential });
      server = await startS3Server({ buckets: { lab: {} } });
    });
    afterEach(async () => {
      await server.close();
      await home.leave();
    });

    it('has no plan to show before anything is copied', async () => {
      await openStore('s3://lab/bids', { s3Endpoint: server.endpoint, s3Region: 'us-east-1' }).write('participants.tsv', 'participant_id\n');
      const asked = command(['-n', '--s3-endpoint', server.endpoint, '--s3-region', 'us-east-1'], 's3://lab/bids');
      await assert.rejects(askLocally(asked, { env: env(), signal: new AbortController().signal }), { code: 'bad-option', hint: /spimquant sync/ });
    });

    it('fetches what is wanted of the dataset, puts results into the output, and takes up what is there', async () => {
      const [from, to] = ['s3://lab/bids', 's3://lab/out'];
      const storage = { s3Endpoint: server.endpoint, s3Region: 'us-east-1' };
      const flags = ['--s3-endpoint', server.endpoint, '--s3-region', 'us-east-1'];
      const dataset = openStore(from, storage);
      for (const label of ['01', '02']) await dataset.write(`sub-${label}/image.txt`, 'voxels');
      await dataset.write('participants.tsv', 'participant_id\n');
      const keys = async (uri: string): Promise<string[]> => {
        const found: string[] = [];
        for await (const { key } of openStore(uri, storage).list('', { recursive: true })) found.push(key);
        return found.sort();
      };
      const only = await run(command([...flags, '--participant-label', '02'], from, to));
      assert.equal(only.outcome, 'succeeded');
      assert.deepEqual(await keys(to), ['.snakebids', 'calls.txt', 'sub-02/micr/sub-02_SPIM.txt', 'sub-02/tabular/sub-02_counts.tsv', 'tpl-T/tpl-T_anat.txt']);
      assert.match(logged(), /Copied 2 files/);
      // Another machine, where nothing of it is: what is in the bucket is not made again.
      rmSync(join(folder, 'cache'), { recursive: true, force: true });
      rmSync(join(folder, 'state'), { recursive: true, force: true });
      const all = await run(command(flags, from, to));
      assert.deepEqual(statuses(all), { 'get_nii 01': 'finished', 'count 01': 'finished', 'all_participant group': 'finished' });
      assert.ok((await keys(to)).includes('sub-01/tabular/sub-01_counts.tsv'));
    });
  });
});
