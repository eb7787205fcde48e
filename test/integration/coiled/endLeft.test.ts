import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endLeft } from '../../../runner/backends/coiled/endLeft.ts';
import { readEnd, readJobs, writeEnd, writeJob, writeManifest } from '../../../runner/cloud/manifest.ts';
import { stopKey } from '../../../runner/cloud/layout.ts';
import type { CoiledClient } from '../../../runner/coiled/client.types.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { RunEventBody } from '../../../runner/protocol/events.ts';
import { LocalStore } from '../../../runner/storage/local/localStore.ts';
import { defaultToken, DrivenClock, startCoiledServer } from '../../servers/coiledServer.ts';
import type { CoiledServer } from '../../servers/coiledServer.ts';
import { clientOf, specOf, submit, until } from './standIn.ts';

const run = '20260120-115500-a1b2c3';
const { command } = parseCommandText('spimquant s3://b/in s3://b/out participant', { readFile: () => '' });

describe('Machines that a run has left at Coiled', () => {
  let clock: DrivenClock;
  let server: CoiledServer;
  let client: CoiledClient;
  let folder: string;
  let output: LocalStore;

  beforeEach(async () => {
    clock = new DrivenClock();
    server = await startCoiledServer({ clock });
    client = clientOf(server);
    folder = mkdtempSync(join(tmpdir(), 'spimquant-left-'));
    output = new LocalStore(folder);
    assert.ok(command.verb === 'participant');
    await writeManifest(output, {
      format: 1, id: run, text: 'a run', command, participants: ['01'], version: '0', bundle: { sha256: 'a', bytes: 1 }, workspace: 'lab', server: server.address, taskLimitMs: 1, idleLimitMs: 1, host: 'elsewhere', started: '2026-01-20T11:55:00Z',
    });
  });

  afterEach(async () => {
    client.dispose();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What has come of clusters of these names. Time passes at the stand-in whenever the runner waits. */
  async function end(names: readonly string[], said: RunEventBody[] = []): Promise<readonly string[]> {
    return endLeft({
      output, names, env: { DASK_COILED__SERVER: server.address, DASK_COILED__TOKEN: defaultToken }, signal: new AbortController().signal,
      journal: { append: (body) => { said.push(body); return { ...body, seq: 0, time: 0 }; } },
      time: { now: Date.now, sleep: () => { clock.advance(60_000); return Promise.resolve(); } },
    });
  }

  it('are ended and verified to be gone, which the output tells from then on', async () => {
    const spec = specOf({ script: '#!/bin/sh\nsleep 600\n', tasks: { kind: 'values', values: ['01'] } });
    const { job, cluster } = await submit(client, spec);
    clock.advance(60_000);
    await until('a machine works', () => server.vmsWithProcesses().length > 0);
    await writeJob(output, run, { name: spec.name, attempt: 1, participants: ['01'], jobId: job, clusterId: cluster });
    await writeEnd(output, run, { outcome: 'cancelled', ended: '2026-01-20T12:00:00Z', left: [spec.name], finished: 0, failed: 0 });
    const said: RunEventBody[] = [];
    assert.deepEqual(await end([spec.name], said), [spec.name]);
    assert.deepEqual([server.vmsLeft(), server.vmsWithProcesses()], [[], []]);
    assert.deepEqual((await readEnd(output, run))?.left, []);
    assert.deepEqual((await readJobs(output, run)).map(({ gone }) => gone), [true]);
    assert.ok(await output.stat(stopKey(run)), 'machines that Coiled does not reach find that they are to end');
    assert.ok(said.some((event) => event.type === 'cloud-job' && event.job.state === 'gone'));
  });

  it('that were never made are gone, and of those that no run of the output has asked for nothing is known', async () => {
    await writeJob(output, run, { name: 'never-made', attempt: 1, participants: ['01'] });
    assert.deepEqual(await end(['never-made', 'of-somebody-else']), ['never-made']);
  });
});
