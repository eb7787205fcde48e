import assert from 'node:assert/strict';
import { AzureStore } from '../../../runner/storage/azure/azureStore.ts';
import { GcsStore } from '../../../runner/storage/gcs/gcsStore.ts';
import type { ObjectStore, StorageOptions } from '../../../runner/storage/objectStore.ts';
import { S3Store } from '../../../runner/storage/s3/s3Store.ts';
import { sendParts } from '../../../runner/storage/uploadParts.ts';
import { bytesSource } from '../../../runner/storage/uploadSource.ts';
import { resolveLocations } from '../../../runner/backends/local.ts';
import { parseCommandText } from '../../../runner/command/parse.ts';
import { startAzurite } from '../../servers/azurite.ts';
import { startFaultProxy } from '../../servers/faultProxy.ts';
import { keyFile } from '../../servers/gcs/accounts.ts';
import { defaultAccount, startGcsServer } from '../../servers/gcs/server.ts';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import { AwsHome } from './awsHome.ts';
import { azureFailureBody } from './azureFailures.ts';
import { AzureHome } from './azureHome.ts';
import { GoogleHome } from './gcsHome.ts';
import { impatient, pattern } from './objectStoreSuite.ts';

/** Writes in each way that runs and transfers do: whole, large, and in parts that outlive the process. */
async function writeAll(store: ObjectStore): Promise<void> {
  const large = pattern(9_000_000);
  await store.write('small', 'x');
  await store.write('fresh', 'x', { ifAbsent: true });
  await store.write('large', large);
  const uploads = await store.parts?.();
  assert.ok(uploads !== undefined);
  const upload = await uploads.begin('parts', large.length);
  const tags = await sendParts(bytesSource(large), uploads.partBytes(large.length), undefined, (index, bytes, signal) => uploads.send(upload, index, bytes, { signal }));
  await uploads.complete(upload, tags);
}

describe('storage class and encryption in what services are sent', function () {
  this.timeout(120_000);

  it('S3: PutObject and CreateMultipartUpload carry the headers', async () => {
    const home = new AwsHome();
    await home.enter({ keys: defaultCredential });
    await using server = await startS3Server({ buckets: { lab: {} } });
    try {
      const key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
      const cases: readonly (readonly [StorageOptions, readonly (string | undefined)[]])[] = [
        [{}, [undefined, undefined, undefined]],
        [{ storageClass: 'STANDARD_IA', encryption: 'provider' }, ['STANDARD_IA', 'AES256', undefined]],
        [{ encryption: 'kms' }, [undefined, 'aws:kms', undefined]],
        [{ storageClass: 'GLACIER_IR', encryption: 'kms', encryptionKey: key }, ['GLACIER_IR', 'aws:kms', key]],
      ];
      for (const [options, expected] of cases) {
        const prefix = Object.values(options).length.toString();
        server.requests.splice(0);
        await writeAll(new S3Store({ scheme: 's3', bucket: 'lab', prefix }, { s3Endpoint: server.endpoint, s3Region: 'us-east-1', ...options }, impatient));
        const begins = server.requests.filter(({ method, query }) => (method === 'PUT' && query['partNumber'] === undefined) || (method === 'POST' && 'uploads' in query));
        assert.deepEqual(begins.map(({ method, key: name }) => `${method} ${name.slice(2)}`).sort(), ['POST large', 'POST parts', 'PUT fresh', 'PUT small']);
        for (const { storageClass, encryption, encryptionKey } of begins) assert.deepEqual([storageClass, encryption, encryptionKey], expected);
        // S3 refuses parts that name a class or a key.
        for (const part of server.requests.filter(({ query }) => query['partNumber'] !== undefined)) assert.deepEqual([part.storageClass, part.encryption, part.encryptionKey], [undefined, undefined, undefined]);
      }
    } finally {
      await home.leave();
    }
  });

  it('Google Cloud Storage: every object arrives with class and key', async () => {
    await using server = await startGcsServer({ buckets: { lab: { location: 'EUROPE-WEST3' } } });
    const home = new GoogleHome();
    home.enter({ files: { 'owner.json': keyFile(defaultAccount, server.endpoint) } });
    try {
      const key = 'projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k';
      for (const [options, expected] of [[{}, [undefined, undefined]], [{ storageClass: 'COLDLINE', encryption: 'kms', encryptionKey: key }, ['COLDLINE', key]]] as const) {
        await writeAll(new GcsStore({ scheme: 'gs', bucket: 'lab', prefix: Object.keys(options).length.toString() }, { gcsEndpoint: server.endpoint, gcsCredentials: home.path('owner.json'), ...options }, impatient));
        for (const name of ['small', 'fresh', 'large', 'parts']) {
          const object = await server.bucket('lab').get(`${Object.keys(options).length}/${name}`);
          assert.deepEqual([object?.storageClass, object?.kmsKeyName], expected, name);
          await object?.close();
        }
      }
    } finally {
      home.leave();
    }
  });

  it('Azure: blobs and lists of blocks carry the tier, and blocks too the encryption scope', async () => {
    const home = new AzureHome();
    await using azurite = await startAzurite();
    const proxy = await startFaultProxy(azurite.origin, azureFailureBody);
    home.enter({ AZURE_STORAGE_KEY: azurite.key() });
    try {
      await azurite.container('lab-out').create();
      for (const [options, tier, scope] of [[{}, undefined, undefined], [{ storageClass: 'cool', encryption: 'kms', encryptionKey: 'study' }, 'Cool', 'study']] as const) {
        proxy.requests.splice(0);
        await writeAll(new AzureStore({ scheme: 'az', account: 'lab', bucket: 'lab-out', prefix: tier ?? 'plain' }, { azureEndpoint: proxy.endpoint, ...options }, impatient));
        const puts = proxy.requests.filter(({ method }) => method === 'PUT');
        const blocks = puts.filter(({ query }) => query.get('comp') === 'block');
        const whole = puts.filter((request) => !blocks.includes(request));
        assert.deepEqual([whole.length, blocks.length], [4, 4]);
        for (const { headers } of whole) assert.deepEqual([headers['x-ms-access-tier'], headers['x-ms-encryption-scope']], [tier, scope]);
        for (const { headers } of blocks) assert.deepEqual([headers['x-ms-access-tier'], headers['x-ms-encryption-scope']], [undefined, scope]);
      }
    } finally {
      home.leave();
      await proxy.close();
    }
  });

  it('classes that have to be restored are refused for runs, and taken by transfers', () => {
    const locate = (text: string): unknown => {
      const { command } = parseCommandText(text, { readFile: () => '' });
      if (command.verb !== 'participant') throw new Error('not a run');
      return resolveLocations(command);
    };
    for (const [output, storageClass] of [['s3://lab/out', 'GLACIER'], ['s3://lab/out', 'DEEP_ARCHIVE'], ['az://lab/results/out', 'archive']]) {
      assert.throws(() => locate(`spimquant bids ${output} participant --storage-class ${storageClass}`), { code: 'bad-option', where: output });
      assert.equal(parseCommandText(`spimquant sync bids ${output} --storage-class ${storageClass}`, { readFile: () => '' }).command.verb, 'sync');
    }
    for (const [output, storageClass] of [['s3://lab/out', 'GLACIER_IR'], ['gs://lab/out', 'ARCHIVE'], ['az://lab/results/out', 'Cold']]) {
      assert.doesNotThrow(() => locate(`spimquant bids ${output} participant --storage-class ${storageClass}`));
    }
  });
});
