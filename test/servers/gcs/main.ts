// Serves the sub-folders of a local folder as buckets until it is stopped.
// Usage: node scripts/with-node.mjs test/servers/gcs/main.ts PORT FOLDER
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startGcsServer } from './server.ts';

const [port, folder] = process.argv.slice(2);
if (folder === undefined || !/^\d+$/.test(port)) {
  console.error('usage: main.ts PORT FOLDER      (each sub-folder of FOLDER becomes a public bucket; port 0 takes a free one)');
  process.exit(2);
}
const rows = await readdir(folder, { withFileTypes: true });
const buckets = Object.fromEntries(rows.filter((row) => row.isDirectory()).map((row) => [row.name, { folder: join(folder, row.name), public: true }]));
const server = await startGcsServer({ port: Number(port), buckets });
console.log(`${server.endpoint}  buckets: ${Object.keys(buckets).join(', ')}`);
console.log(`STORAGE_EMULATOR_HOST=${server.endpoint}, or --gcs-endpoint ${server.endpoint} --anonymous`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
