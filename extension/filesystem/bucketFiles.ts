import * as vscode from 'vscode';
import type { BucketLocation } from '../../runner/protocol/bucketAddress.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import type { StorageEntry } from '../../runner/protocol/storageEntry.ts';
import type { Settings } from '../platform/settings.ts';
import type { RunnerClient } from '../runner-client/client.types.ts';
import { BucketCache } from './bucketCache.ts';
import { addressOf, isWithin, otherScheme, uriPartsOf } from './bucketUri.ts';
import { Reaches } from './reaches.ts';

/** Extensions that have a scheme for themselves: two that register the same one stop each other from starting. */
const otherOwners: Partial<Record<BucketLocation['scheme'], string>> = { s3: 'amazonwebservices.aws-toolkit-vscode' };

/** Files of buckets: their addresses in the editor, how they are reached, and what is known of them. */
export class BucketFiles {
  readonly reaches: Reaches;
  readonly cache: BucketCache;
  readonly #taken = new Set<BucketLocation['scheme']>();

  constructor(runner: RunnerClient, memory: vscode.Memento, settings: Settings) {
    this.reaches = new Reaches(async () => (await runner.request('datasets.list', {})).datasets, memory);
    this.cache = new BucketCache({
      ask: (name, params, options) => runner.request(name, params, options),
      reachOf: (address) => this.reaches.of(address),
      clock: Date.now,
      folderLimit: () => settings.folderLimit(),
    });
  }

  /** What the editor calls a service. */
  schemeOf(service: BucketLocation['scheme']): string {
    const owner = otherOwners[service];
    const isTaken = this.#taken.has(service) || (owner !== undefined && vscode.extensions.getExtension(owner) !== undefined);
    return isTaken ? otherScheme(service) : service;
  }

  /** Leaves the scheme of a service to another extension. */
  giveWay(service: BucketLocation['scheme']): void {
    this.#taken.add(service);
  }

  /**
   * The editor's URI of a path or address. `storage`: how it is reached, where it was named by something else than the
   * list of datasets; remembered for the window and its successors. Throws `bad-option` for what is no address.
   */
  async uriOf(address: string, storage?: StorageChoice): Promise<vscode.Uri> {
    if (!address.includes('://')) return vscode.Uri.file(address);
    const uri = vscode.Uri.from(uriPartsOf(address, (service) => this.schemeOf(service)));
    if (storage !== undefined) await this.reaches.note(addressOf(uri) ?? address, storage);
    return uri;
  }

  /** What is at an address of a bucket. Rejects as the runner does. */
  stat(address: string): Promise<StorageEntry> {
    return this.cache.stat(address);
  }

  /** How an address is reached. */
  reachOf(address: string): Promise<StorageChoice> {
    return this.reaches.of(address);
  }

  /** The folder of the workspace that an address of a bucket lies in. */
  workspaceFolderOf(address: string): vscode.WorkspaceFolder | undefined {
    return vscode.workspace.workspaceFolders?.find(({ uri }) => {
      const folder = addressOf(uri);
      return folder !== undefined && isWithin(address, folder);
    });
  }
}
