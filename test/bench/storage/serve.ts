// Serves a bucket of random objects, in a process of its own so that its work is not counted, and tells the parent where.
import { mkdir, writeFile } from 'node:fs/promises';
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { startS3Server } from '../../servers/s3Server.ts';

/** What is to be served. */
export interface BucketSpec {
  readonly folder: string;
  /** Objects by size in bytes; their keys are `SIZE/NUMBER.bin`. */
  readonly objects: readonly { readonly size: number; readonly count: number }[];
  readonly latencyMs: number;
}

const spec = JSON.parse(process.argv[2]) as BucketSpec;
for (const { size, count } of spec.objects) {
  await mkdir(join(spec.folder, String(size)), { recursive: true });
  for (let at = 0; at < count; at++) await writeFile(join(spec.folder, String(size), `${String(at).padStart(4, '0')}.bin`), randomFillSync(Buffer.allocUnsafe(size)));
}
const server = await startS3Server({ buckets: { bench: { folder: spec.folder } }, latencyMs: spec.latencyMs });
process.on('disconnect', () => process.exit(0));
process.send?.({ endpoint: server.endpoint });
