import type { ContainerClient } from '@azure/storage-blob';
import type { SpimquantError } from '../../protocol/errors.ts';
import { Connection, defaultConcurrency, usualSurroundings } from '../connection.ts';
import type { Service, Surroundings } from '../connection.ts';
import type { StorageOptions } from '../objectStore.ts';
import type { BucketLocation } from '../uri.ts';
import { makeContainerClient } from './azureClient.ts';
import { azureError, azureFault, isAboutCredentials, isExpired } from './azureErrors.ts';
import type { AzureFault } from './azureErrors.ts';
import { azureSettings } from './azureSettings.ts';
import type { AzureSettings } from './azureSettings.ts';

/** A client with what it was made of. */
export interface AzureSession {
  readonly container: ContainerClient;
  readonly settings: AzureSettings;
}

/** The way to one container of an Azure storage account. */
export class AzureConnection extends Connection<AzureSession, AzureFault> {
  constructor(location: Extract<BucketLocation, { scheme: 'az' }>, options: StorageOptions, surroundings: Partial<Surroundings> = {}) {
    const around = { ...usualSurroundings, ...surroundings };
    const sockets = options.concurrency ?? defaultConcurrency;
    super(azureService(location, options, around, sockets), sockets, around);
  }
}

function azureService({ account, bucket }: Extract<BucketLocation, { scheme: 'az' }>, options: StorageOptions, around: Surroundings, sockets: number): Service<AzureSession, AzureFault> {
  return {
    open: async () => {
      const settings = azureSettings(account, options, process.env);
      return { settings, container: makeContainerClient(settings, bucket, sockets, around.timeouts, process.env) };
    },
    fault: azureFault,
    isAboutCredentials,
    isExpired,
    explain: (fault, { doing, where, session }): SpimquantError => azureError(fault, { container: bucket, account, doing, where, settings: session?.settings, now: Date.now() }),
  };
}
