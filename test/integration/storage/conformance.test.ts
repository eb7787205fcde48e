import { allCases } from './conformance/cases.ts';
import { columns } from './conformance/columns.ts';
import { gcsShortColumn } from './conformance/gcsColumn.ts';
import { s3FolderColumn } from './conformance/s3Column.ts';
import { serviceCases } from './conformance/localColumn.ts';
import { objectStoreSuite } from './conformance/suite.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';

for (const column of columns) objectStoreSuite(column);

objectStoreSuite(s3FolderColumn);
objectStoreSuite(gcsShortColumn);

objectStoreSuite({
  id: 'memory',
  title: 'memory',
  notApplicable: { ...serviceCases('memory has no service, requests or credentials'), ...Object.fromEntries(allCases.filter(({ id }) => id.startsWith('parts-')).map(({ id }) => [id, 'memory takes objects whole'])), 'read-modified': 'memory keeps no times', 'names-unusable': 'nothing but the store itself writes into memory' },
  open: async () => ({ store: new MemoryStore(), close: async () => undefined }),
});
