import type { Surroundings } from '../connection.ts';
import { MemoryStore } from '../memoryStore.ts';
import type { StorageOptions } from '../objectStore.ts';
import type { BucketLocation } from '../uri.ts';

export class GcsStore extends MemoryStore {
  constructor(_location: Extract<BucketLocation, { scheme: 's3' | 'gs' }>, _options: StorageOptions = {}, _surroundings: Partial<Surroundings> = {}) {
    super();
    throw new Error('to come');
  }
}
