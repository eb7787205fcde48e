import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Chunk } from '../../cloud/chunks.ts';
import type { Manifest } from '../../cloud/manifest.ts';
import { participantVariable, requestVariable } from '../../cloud/taskRequest.ts';
import type { MachineRequest } from '../../cloud/taskRequest.ts';
import type { BatchSpec } from '../../coiled/client.types.ts';
import type { CloudOptions } from '../../protocol/cloud.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import { ownStorage } from '../../protocol/storageChoice.ts';
import { isRemote } from '../../storage/uri.ts';
import type { Machines } from './machines.ts';

const startFile = 'spimquant-start.mjs';

/** Finds the program that fetches the runner, wherever this container has it, and runs it with Node.js alone. */
const script = `#!/bin/sh
if ! command -v node >/dev/null 2>&1; then
  echo "spimquant: this image has no Node.js: 22.15 or newer is needed to run on a machine; put it into the image of --cloud_container" >&2
  exit 78
fi
for folder in . "$(dirname "$0")" /scratch/batch /scratch; do
  if [ -f "$folder/${startFile}" ]; then exec node "$folder/${startFile}"; fi
done
echo "spimquant: ${startFile} was not put on this machine" >&2
exit 1
`;

/** The build that this program is of, or the one beside the sources it runs from. */
export function buildFolder(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../../dist/' : './', import.meta.url));
}

/** What a machine is sent first. Throws `not-found` when it is not built. */
export async function startProgram(output: string, dist: string = buildFolder()): Promise<string> {
  const scheme = isRemote(output) ? output.slice(0, output.indexOf(':')) : 's3';
  const path = join(dist, `start-${scheme}.js`);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SpimquantError('not-found', `The program that machines start with is not built: ${path}`, { where: path, hint: 'In a checkout: npm run build. An installed SPIMquant has it; install it anew.', cause });
  }
}

/** Values of the variables that machines get. Throws `bad-option` for one that is not set. */
export function secretsOf({ env: names }: Pick<CloudOptions, 'env'>, env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => {
    const value = env[name];
    if (value === undefined || value === '') throw new SpimquantError('bad-option', `--cloud_env names ${name}, which is not set here.`, { hint: `Set ${name} in the environment that the run is started from, or leave it out.` });
    return [name, value];
  }));
}

/** Hours that a job may take: whoever started it may be gone. In seconds. */
export function jobSeconds({ taskLimitMs }: { readonly taskLimitMs: number }, participants: number, workers: number): number {
  return Math.ceil((Math.ceil(participants / workers) * taskLimitMs) / 1000) + 3600;
}

/** What a submission is made from. */
export interface SpecRequest {
  readonly manifest: Manifest;
  readonly chunk: Chunk;
  /** Machines at the same time. */
  readonly workers: number;
  readonly cloud: CloudOptions;
  readonly machines: Machines;
  readonly secrets: Readonly<Record<string, string>>;
  readonly start: string;
}

/** A chunk of participants as a job for Coiled. Pure. */
export function batchSpec({ manifest, chunk, workers, cloud, machines, secrets, start }: SpecRequest): BatchSpec {
  const request: MachineRequest = {
    run: manifest.id, output: manifest.command.output, storage: ownStorage(manifest.command.storage), bundle: manifest.bundle.sha256, taskLimitMs: manifest.taskLimitMs,
  };
  const timeoutSeconds = jobSeconds(manifest, chunk.participants.length, workers);
  return {
    workspace: manifest.workspace,
    name: chunk.name,
    script,
    files: [{ path: startFile, content: start }],
    tasks: { kind: 'values', values: chunk.participants, variable: participantVariable },
    env: { [requestVariable]: JSON.stringify(request) },
    ...(Object.keys(secrets).length === 0 ? {} : { secretEnv: secrets }),
    timeoutSeconds,
    // Of a task that is done again only what is missing is done: see claimParticipant.
    maxRetries: 2,
    clusterTimeoutSeconds: timeoutSeconds + 3600,
    image: cloud.container,
    vmTypes: machines.types,
    diskGiB: Math.ceil((cloud.diskGigabytes * 1e9) / 2 ** 30),
    ...(machines.region === undefined ? {} : { region: machines.region }),
    spot: cloud.spot === 'spot_with_fallback' ? 'spot-or-on-demand' : cloud.spot,
    maxWorkers: workers,
    tags: { ...cloud.tags, 'spimquant-run': manifest.id },
  };
}
