// Two tiny brains in a bucket, a bucket for results, and a stand-in for Coiled, for windows that are loaded anew meanwhile.
// Writes where they are to the file that is its argument, and ends with the tests.
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { driverPort } from '../../../scripts/editor/driver.types.ts';
import { startCloudLab } from '../../e2e/support/cloudLab.ts';
import { tinyBrain } from '../../e2e/support/phantoms.ts';
import { defaultToken } from '../../servers/coiledServer.ts';
import type { LabAddress, LabStanding } from './lab.types.ts';

const [file] = process.argv.slice(2);
await using lab = await startCloudLab([tinyBrain('C1', 51, 'control'), tinyBrain('C2', 52, 'drug')]);
const ended = Promise.withResolvers<undefined>();

const control = createServer((request, response) => {
  if (request.method === 'DELETE') {
    response.end();
    ended.resolve(undefined);
    return;
  }
  void lab.s3.keys('results').then((keys) => {
    const standing: LabStanding = {
      machines: lab.coiled.vmsLeft().length, processes: lab.coiled.vmsWithProcesses().length,
      submitted: lab.coiled.submissions().map(({ name }) => name), results: keys,
    };
    response.end(JSON.stringify(standing));
  });
});
await new Promise<void>((resolve) => { control.listen(0, '127.0.0.1', resolve); });
const address: LabAddress = { control: (control.address() as AddressInfo).port, coiled: lab.coiled.address, token: defaultToken, s3: lab.s3.endpoint };
writeFileSync(`${file}.part`, JSON.stringify(address));
renameSync(`${file}.part`, file);

// Whoever has started this is a window that may be gone by now; the program that holds the windows stays to the end.
const watch = setInterval(() => {
  const socket = connect(Number(process.env[driverPort]), '127.0.0.1', () => { socket.destroy(); });
  socket.on('error', () => { ended.resolve(undefined); });
}, 2000);
await ended.promise;
clearInterval(watch);
control.close();
control.closeAllConnections();
