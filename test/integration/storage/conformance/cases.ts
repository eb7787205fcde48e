import { accessCases } from './accessCases.ts';
import type { CaseGroup, ConformanceCase } from './case.ts';
import { cancellationCases, faultCases } from './faultCases.ts';
import { listingCases } from './listingCases.ts';
import { partsCases } from './partsCases.ts';
import { namingCases, readingCases } from './readingCases.ts';
import { writingCases } from './writingCases.ts';

/** Everything that stores have to get right, in the order of the table in docs/storage.md. */
export const caseGroups: readonly CaseGroup[] = [readingCases, listingCases, namingCases, writingCases, partsCases, accessCases, faultCases, cancellationCases];

export const allCases: readonly ConformanceCase[] = caseGroups.flatMap((group) => group.cases);
