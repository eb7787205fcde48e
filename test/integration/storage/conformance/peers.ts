import { cephColumn } from './cephColumn.ts';
import { fakeGcsColumn } from './fakeGcsColumn.ts';
import type { PeerColumn } from './peerColumn.ts';

/** Services of others that the suite runs against by name (`npm run test:conformance -- --peers`), in the order of the table. */
export const peers: readonly PeerColumn[] = [cephColumn, fakeGcsColumn];
