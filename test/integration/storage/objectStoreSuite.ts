// The conformance suite of object stores. A kind of store joins it by a column of its own: see conformance/columns.ts.
export { assertBytes, holdsNoSecret, isError, listAll, pattern, text } from './conformance/assertions.ts';
export type { StoreColumn } from './conformance/column.ts';
export { objectStoreSuite } from './conformance/suite.ts';
export { impatient } from './conformance/underTest.ts';
export type { StoreUnderTest, Variant } from './conformance/underTest.ts';
