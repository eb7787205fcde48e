import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { allCases } from '../../integration/storage/conformance/cases.ts';
import { peers } from '../../integration/storage/conformance/peers.ts';
import { outdated, recordingFile, recordingText } from '../../integration/storage/conformance/recording.ts';
import { objectStoreSuite } from '../../integration/storage/conformance/suite.ts';

/*
 * The suite of stores against services of others, as far as this machine has them. What a whole run gave is recorded, and
 * shown in docs/storage.md. Run it by `npm run test:conformance -- --peers`.
 */

const ids = allCases.map(({ id }) => id);

const named = process.env['SPIMQUANT_PEERS']?.split(',');

for (const peer of peers.filter(({ id }) => named?.includes(id) ?? true)) {
  const found = peer.find();
  if ('missing' in found) {
    process.stdout.write(`conformance: ${peer.program} is not run, ${found.missing}\n`);
    continue;
  }
  objectStoreSuite({ ...peer, title: `${peer.title} ${found.version}` }, (cases) => {
    const recording = { version: found.version, date: new Date().toISOString().slice(0, 10), cases };
    const wrong = outdated(recording, ids, peer);
    if (wrong.length > 0) {
      process.stdout.write(`conformance: ${peer.program} is not recorded, since ${wrong.length > 5 ? `${wrong.length} cases failed or did not run` : wrong.join(', ')}\n`);
      return;
    }
    mkdirSync(dirname(recordingFile(peer)), { recursive: true });
    writeFileSync(recordingFile(peer), recordingText(recording, ids));
  });
}
