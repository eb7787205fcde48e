import { defaultTimeouts } from '../connection.ts';
import type { Asking } from '../health/bare.ts';
import { makeServiceClient } from './azureClient.ts';
import type { AzureSession } from './azureConnection.ts';
import type { AzureFault } from './azureErrors.ts';

/** Names of an account's containers, at most so many, sorted; `more`: there are others. Throws as the connection. */
export async function listContainers(connection: Asking<AzureSession, AzureFault>, account: string, limit: number, signal: AbortSignal | undefined): Promise<{ readonly names: readonly string[]; readonly more: boolean }> {
  return connection.run('list', `az://${account}`, signal, async ({ settings }, abortSignal) => {
    const names: string[] = [];
    const service = makeServiceClient(settings, 4, defaultTimeouts, process.env);
    for await (const { name } of service.listContainers({ abortSignal })) {
      names.push(name);
      if (names.length > limit) break;
    }
    return { names: names.slice(0, limit).sort(), more: names.length > limit };
  });
}
