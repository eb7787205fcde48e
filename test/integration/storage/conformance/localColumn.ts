import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openStore } from '../../../../runner/storage/open.ts';
import { allCases } from './cases.ts';
import type { StoreColumn } from './column.ts';

/** The cases about a service and the way to it, which a store without one cannot have, with the reason for all of them. */
export function serviceCases(reason: string): Readonly<Record<string, string>> {
  const others = [
    'read-replaced', 'write-lost-answer', 'write-if-version-lost-answer', 'write-large-withdrawn', 'write-large-repeat', 'write-storage-class', 'write-encryption', 'write-encryption-key',
    'parts-lost-answer', 'parts-faults', 'cancel-read', 'cancel-list', 'cancel-write', 'cancel-places',
  ];
  const ids = [...allCases.map(({ id }) => id).filter((id) => /^(access|fault)-/.test(id)), ...others];
  return Object.fromEntries(ids.map((id) => [id, reason]));
}

export const localColumn: StoreColumn = {
  id: 'local',
  title: 'local folder',
  notApplicable: { ...serviceCases('a local folder has no service, requests or credentials'), 'names-unusable': 'no file can have such a name', 'write-if-version-race': 'a folder cannot look and rename in one step' },
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spimquant-store-'));
    return {
      store: openStore(join(folder, 'not yet', 'there')),
      put: async (key, content) => {
        const path = join(folder, 'not yet', 'there', key);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content);
      },
      close: async () => rm(folder, { recursive: true, force: true }),
    };
  },
};
