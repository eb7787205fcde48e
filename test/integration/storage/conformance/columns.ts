import { azureColumn } from './azureColumn.ts';
import type { StoreColumn } from './column.ts';
import { gcsColumn } from './gcsColumn.ts';
import { localColumn } from './localColumn.ts';
import { s3Column } from './s3Column.ts';

/**
 * The stores that every ordinary test run puts through the suite, in the order of the table in docs/storage.md. A kind of
 * store joins by a file beside this one, like s3Column.ts, and a line here. A service that cannot be made to fail stands
 * behind `startFaultProxy` of test/servers/faultProxy.ts.
 */
export const columns: readonly StoreColumn[] = [localColumn, s3Column, gcsColumn, azureColumn];
