import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from './case.ts';
import { allCases, caseGroups } from './cases.ts';
import type { StoreColumn } from './column.ts';
import type { StoreUnderTest } from './underTest.ts';

/** What became of one case: it passed, cannot be had by this store, or failed. */
export type CaseResult = 'passed' | 'failed' | { readonly notApplicable: string };

/** Results by id of the case. */
export type ColumnResults = Readonly<Record<string, CaseResult>>;

/**
 * Declares the tests of a store: every case of the suite, those that it cannot have with the reason. `onResults` gets
 * what became of the cases that ran.
 */
export function objectStoreSuite(column: StoreColumn, onResults: (results: ColumnResults) => void = () => undefined): void {
  describe(`ObjectStore: ${column.title}`, function () {
    // Emulators of others take their time to be filled.
    this.timeout(600_000);
    let under: StoreUnderTest;
    let scratch: string;
    const results: Record<string, CaseResult> = {};

    before(async () => {
      under = await column.open();
      scratch = await mkdtemp(join(tmpdir(), 'spimquant-suite-'));
    });
    afterEach(() => under.faults?.clear());
    after(async () => {
      await under.close();
      await rm(scratch, { recursive: true, force: true });
      onResults(results);
    });

    for (const group of caseGroups) {
      describe(group.title, () => {
        for (const { id, title, run } of group.cases.filter((one) => !(one.id in column.notApplicable))) {
          it(`${title} [${id}]`, async () => {
            results[id] = 'failed';
            await run(new Bench(under, scratch));
            results[id] = 'passed';
          });
        }
      });
    }

    const reasons = new Map<string, string[]>();
    for (const [id, reason] of Object.entries(column.notApplicable)) reasons.set(reason, [...(reasons.get(reason) ?? []), id]);
    describe('Not applicable', () => {
      for (const [reason, ids] of reasons) {
        it(`${reason}: ${ids.join(', ')}`, () => {
          for (const id of ids) {
            assert.ok(allCases.some((one) => one.id === id), `the suite has no case ${id}`);
            results[id] = { notApplicable: reason };
          }
        });
      }
    });
  });
}
