import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { machineCommand } from '../../../runner/backends/coiled/preflight.ts';
import { runMachineTask } from '../../../runner/backends/coiled/machineTask.ts';
import { placesOf } from '../../../runner/backends/local.ts';
import { writeManifest } from '../../../runner/cloud/manifest.ts';
import { SegmentReader } from '../../../runner/cloud/segments.ts';
import { participantVariable, requestVariable } from '../../../runner/cloud/taskRequest.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { MachineSample } from '../../../runner/protocol/resources.ts';
import { openStore } from '../../../runner/storage/open.ts';
import { temporaryFolder } from '../../e2e/support/phantoms.ts';
import { until } from './standIn.ts';

describe('a machine of a cloud run', function () {
  this.timeout(60_000);

  it('tells what it takes beside what it does, by a name of its own', async () => {
    await using folder = await temporaryFolder();
    const { command } = parseCommandText(`spimquant ${join(folder.path, 'bids')} ${join(folder.path, 'out')} participant`, { readFile: () => '' });
    if (command.verb !== 'participant') throw new Error(command.verb);
    const output = openStore(join(folder.path, 'out'), {});
    await writeManifest(output, {
      format: 1, id: 'run', text: '', command: machineCommand(command, placesOf(command, {})), participants: ['01'], version: '0', bundle: { sha256: '', bytes: 0 },
      workspace: 'lab', server: '', taskLimitMs: 60_000, idleLimitMs: 60_000, host: '', started: new Date().toISOString(),
    });
    const request = JSON.stringify({ run: 'run', output: output.uri, storage: {}, bundle: '', taskLimitMs: 60_000 });
    const told = async (): Promise<readonly MachineSample[]> => {
      const samples: MachineSample[] = [];
      for await (const segment of new SegmentReader(output, 'run').read(true)) samples.push(...segment.samples);
      return samples;
    };
    // Planning lasts until the first samples are in the output, while it goes on.
    const planner = async (): Promise<never> => {
      await until('samples are there', async () => (await told()).length > 0);
      throw new Error('planned');
    };
    await mkdir(join(folder.path, 'bids'), { recursive: true });
    assert.equal(await runMachineTask({ [requestVariable]: request, [participantVariable]: '01', COILED_INSTANCE_ID: '77', SPIMQUANT_RUNNER_DIR: folder.path }, { planner }, new AbortController().signal), 1);
    const samples = await told();
    assert.ok(samples.every(({ host, participant, memory, cores }) => host === `${hostname()} (instance 77)` && participant === '01' && memory > 0 && cores > 0), JSON.stringify(samples));
  });
});
