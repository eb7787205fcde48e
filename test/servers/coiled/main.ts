// Serves a stand-in for Coiled until it is stopped. Tasks that are submitted to it run on this machine.
// Usage: node scripts/with-node.mjs test/servers/coiled/main.ts [PORT]
import { defaultToken, startCoiledServer } from './server.ts';

const [port = '0'] = process.argv.slice(2);
if (!/^\d+$/.test(port)) {
  console.error('usage: main.ts [PORT]      (port 0 takes a free one)');
  process.exit(2);
}
const server = await startCoiledServer({ port: Number(port) });
console.log(`export DASK_COILED__SERVER=${server.address} DASK_COILED__TOKEN=${defaultToken}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
