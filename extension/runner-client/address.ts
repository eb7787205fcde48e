import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunnerAddress } from '../../runner/protocol/rpc.ts';
import { addressFile } from '../../runner/protocol/stateFolder.ts';

/** Where the runner of a folder says that it listens; undefined when none does. It may have died since. */
export function readAddress(folder: string): RunnerAddress | undefined {
  try {
    const address = JSON.parse(readFileSync(join(folder, addressFile), 'utf8')) as Partial<RunnerAddress> | null;
    return typeof address?.socket === 'string' && typeof address.token === 'string' && typeof address.serverId === 'string' && typeof address.pid === 'number'
      ? (address as RunnerAddress)
      : undefined;
  } catch {
    return undefined;
  }
}
