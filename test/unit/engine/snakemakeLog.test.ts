import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { engineError, jobError } from '../../../runner/backends/snakemake/follow.ts';
import { tasksOf } from '../../../runner/backends/snakemake/jobs.ts';
import { SnakemakeLog } from '../../../runner/backends/snakemake/logParser.ts';
import type { Job, LogEvent } from '../../../runner/backends/snakemake/logParser.ts';

/** What Snakemake itself printed for a workflow of two participants, of which the second is to fail. */
function recorded(name: string): readonly LogEvent[] {
  const log = new SnakemakeLog();
  const text = readFileSync(fileURLToPath(new URL(`../../fixtures/snakemake/${name}.txt`, import.meta.url)), 'utf8');
  return [...text.split('\n').flatMap((line) => log.read(line)), ...log.end()];
}

function of<T extends LogEvent['type']>(events: readonly LogEvent[], type: T): readonly Extract<LogEvent, { type: T }>[] {
  return events.filter((event) => event.type === type) as Extract<LogEvent, { type: T }>[];
}

const empty: Job = { rule: 'count', jobid: '4', wildcards: { subject: '02' }, inputs: [], outputs: ['a.tsv'], logs: ['logs/a.log'], reason: '' };

describe("Snakemake's log", () => {
  for (const version of ['8.30', '9.27']) {
    it(`tells which jobs of a run begin, end and fail (Snakemake ${version})`, () => {
      const events = recorded(`failed-${version}`);
      const rules = new Map(of(events, 'started').map(({ job }) => [job.jobid, `${job.rule} ${job.wildcards['subject'] ?? ''}`.trim()]));
      assert.deepEqual([...rules.values()].sort(), ['count 01', 'count 02', 'get_downsampled_nii 01', 'get_downsampled_nii 02', 'import_template']);
      assert.deepEqual(of(events, 'finished').map(({ jobid }) => rules.get(jobid)).sort(), ['count 01', 'get_downsampled_nii 01', 'get_downsampled_nii 02', 'import_template']);
      const [failed, ...more] = of(events, 'failed');
      assert.deepEqual(more, []);
      assert.equal(rules.get(failed.job.jobid), 'count 02');
      assert.equal(failed.status, '3');
      assert.deepEqual(failed.job.logs, ['logs/count/sub-02_stain-Abeta.log']);
      assert.deepEqual(of(events, 'steps').map(({ done, total }) => `${done}/${total}`), ['1/6', '2/6', '3/6', '4/6']);
    });

    it(`is there line by line, what failed marked as an error (Snakemake ${version})`, () => {
      const lines = of(recorded(`failed-${version}`), 'line');
      const levelOf = (text: string): string | undefined => lines.find((line) => line.text === text)?.level;
      assert.equal(levelOf('Error in rule count:'), 'error');
      assert.equal(levelOf('some words of a tool'), 'info');
      assert.equal(levelOf('Select jobs to execute...'), 'debug');
      assert.equal(levelOf('    jobid: 3'), 'debug');
    });
  }

  it('gives the plan of a dry run: for whom, why, and what comes before what', () => {
    const jobs = of(recorded('plan-9.27'), 'started').map(({ job }) => job);
    const tasks = tasksOf(jobs, 'participant');
    assert.equal(tasks.length, 6);
    assert.equal(new Set(tasks.map(({ id }) => id)).size, 6);
    const count = tasks.find(({ stage, scope }) => stage === 'count' && scope === '02');
    assert.equal(count?.title, 'count (stain Abeta)');
    assert.match(count?.why ?? '', /^missing output files: sub-02\/tabular/);
    assert.deepEqual(count?.after?.map((id) => tasks.find((task) => task.id === id)?.title), ['get downsampled nii (stain Abeta)']);
    assert.deepEqual(tasks.filter(({ scope }) => !['01', '02'].includes(scope)).map(({ stage, scope }) => `${stage}: ${scope}`), ['import_template: template', 'all_participant: group']);
  });

  it('says that the output is locked', () => {
    assert.equal(of(recorded('locked-9.27'), 'locked').length, 1);
  });

  it('tells of a job as soon as its last line is there, colours or not', () => {
    const log = new SnakemakeLog();
    const events = ['\u001b[32mrule count:\u001b[0m', '    output: a.tsv', '    jobid: 7', '    resources: tmpdir=/tmp'].flatMap((line) => log.read(line));
    assert.deepEqual(of(events, 'started').map(({ job }) => [job.jobid, job.outputs]), [['7', ['a.tsv']]]);
    const bare = new SnakemakeLog();
    for (const line of ['rule count:', '    jobid: 8']) bare.read(line);
    assert.equal(bare.flush().length, 1);
    assert.deepEqual(bare.end(), []);
  });
});

describe('a step of the installed SPIMquant that fails', () => {
  it('says what its log says last, and where that is', () => {
    const error = jobError(empty, '3', ['reading', 'ValueError: the image is empty', 'bye']);
    assert.equal(error.code, 'engine-failed');
    assert.equal(error.message, 'The step count for sub-02 of the installed SPIMquant failed with exit code 3: ValueError: the image is empty');
    assert.equal(error.where, 'logs/a.log');
  });

  it('has a code of its own for what a user can change', () => {
    assert.equal(jobError(empty, 'SIGKILL', []).code, 'out-of-memory');
    assert.equal(jobError(empty, '1', ['MemoryError']).code, 'out-of-memory');
    assert.equal(jobError(empty, '1', ['OSError: [Errno 28] No space left on device']).code, 'disk-full');
    assert.equal(engineError(2, ['usage: spimquant', 'spimquant: error: unrecognized arguments: --nonsense']).code, 'bad-option');
    assert.equal(engineError(127, ['pixi: spimquant: command not found']).code, 'engine-missing');
    const missing = engineError(1, ['Building DAG of jobs...', 'MissingInputException in rule count in file "/app/Snakefile", line 3:', 'Missing input files for rule count:', '    sub-09.txt']);
    assert.equal(missing.code, 'engine-failed');
    assert.match(missing.message, /Missing input files for rule count: sub-09\.txt$/);
  });
});
