import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { withTable } from '../../../scripts/storageTable.ts';
import { storageFields } from '../../../runner/protocol/storageChoice.ts';
import { allCases } from '../../integration/storage/conformance/cases.ts';
import { outdated, readRecording } from '../../integration/storage/conformance/recording.ts';
import { peers } from '../../integration/storage/conformance/peers.ts';
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
    const told = [...columns, ...peers].map(({ id, notApplicable }) => [id, notApplicable] as const);
    for (const [store, cases] of told) {
      for (const id of Object.keys(cases)) assert.ok(allCases.some((one) => one.id === id), `${store} has a case ${id} that there is not`);
    }
    assert.equal(new Set(told.map(([id]) => id)).size, told.length);
  });
});

describe('what is recorded of services of others', () => {
  const ids = allCases.map(({ id }) => id);

  for (const peer of peers) {
    it(`tells of every case at ${peer.program}: npm run test:conformance -- --peers ${peer.id} records it anew`, () => {
      const recording = readRecording(peer);
      assert.ok(recording, 'nothing is recorded');
      assert.deepEqual(outdated(recording, ids, peer), []);
    });
  }

  it('is seen to be out of date when a case is added, renamed, failed, or not applicable for another reason', () => {
    const store = { notApplicable: { 'names-odd': 'it has no names' } };
    const cases = { 'read-back': 'passed', 'names-odd': { notApplicable: 'it has no names' } } as const;
    assert.deepEqual(outdated({ cases }, ['read-back', 'names-odd'], store), []);
    assert.deepEqual(outdated({ cases }, ['read-back', 'names-odd', 'read-more'], store), ['read-more was not run']);
    assert.deepEqual(outdated({ cases }, ['read-again', 'names-odd'], store), ['read-again was not run', 'there is no case read-back any more']);
    assert.deepEqual(outdated({ cases: { ...cases, 'read-back': 'failed' } }, ['read-back', 'names-odd'], store), ['read-back was failed, and should be passed']);
    assert.equal(outdated({ cases }, ['read-back', 'names-odd'], { notApplicable: { 'names-odd': 'another reason' } }).length, 1);
  });
});
