import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { withTable } from '../../../scripts/storageTable.ts';
import { storageFields } from '../../../runner/protocol/storageChoice.ts';
import { allCases } from '../../integration/storage/conformance/cases.ts';
import { columns } from '../../integration/storage/conformance/columns.ts';

describe('docs/storage.md', () => {
  const page = readFileSync(new URL('../../../docs/storage.md', import.meta.url), 'utf8');

  it('shows stores and cases as they are: node scripts/with-node.mjs scripts/storageTable.ts writes it anew', () => {
    assert.equal(page, withTable(page));
  });

  it('tells of every flag for buckets', () => {
    for (const { flag } of Object.values(storageFields)) assert.ok(page.includes(`--${flag}`), `--${flag}`);
  });
});

describe('the conformance suite of stores', () => {
  it('has cases of one name each', () => {
    assert.equal(new Set(allCases.map(({ id }) => id)).size, allCases.length);
    for (const { id } of allCases) assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)+$/);
  });

  it('is told for known cases only what a store cannot have, and why', () => {
    const told = columns.map(({ id, notApplicable }) => [id, notApplicable] as const);
    for (const [store, cases] of told) {
      for (const id of Object.keys(cases)) assert.ok(allCases.some((one) => one.id === id), `${store} has a case ${id} that there is not`);
    }
    assert.equal(new Set(told.map(([id]) => id)).size, told.length);
  });
});
