import { CreateBucketCommand, HeadObjectCommand, ListMultipartUploadsCommand, PutBucketPolicyCommand, PutBucketRequestPaymentCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { S3Store } from '../../../../runner/storage/s3/s3Store.ts';
import { findCeph, startCeph } from '../../../servers/peers/ceph.ts';
import type { CephUser } from '../../../servers/peers/ceph.ts';
import { startFaultProxy } from '../../../servers/faultProxy.ts';
import type { FailureBody, PassingRequest } from '../../../servers/faultProxy.ts';
import { AwsHome } from '../awsHome.ts';
import type { PeerColumn } from './peerColumn.ts';
import { awsProfile, s3Buckets, s3Identities, s3Kinds, s3ServerFault } from './s3Column.ts';
import { impatient } from './underTest.ts';
import type { RequestKind, StoreUnderTest, Variant } from './underTest.ts';

const user = (name: string): CephUser => ({ name, accessKeyId: `AKID${name.toUpperCase()}`, secretAccessKey: `secret of ${name}` });
const owner = user('owner');
const stranger = user('stranger');
/** Owns the bucket whose readers pay, since a bucket's owner never has to say so. */
const host = user('host');

const prefix = 'data set';
const storageClass = 'STANDARD_IA';
const encryptionKey = { name: 'data-key', base64: Buffer.alloc(32, 7).toString('base64') };
const wrongSecret = 'wrong/secret';

const failureBody: FailureBody = ({ code, message = code }) => ({
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

const isKind = (kind: RequestKind) => ({ method, path, query }: PassingRequest): boolean =>
  s3Kinds[kind]({ method, key: decodeURIComponent(path.split('/').slice(2).join('/')), query: Object.fromEntries(query) });

function policy(bucket: string, principal: string, actions: readonly string[]): PutBucketPolicyCommand {
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  return new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: [principal] }, Action: actions, Resource }] }) });
}

function clientOf(endpoint: string, { accessKeyId, secretAccessKey }: CephUser): S3Client {
  return new S3Client({ endpoint, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });
}

/** Buckets for the places there are, each with `a.txt` but the one under test. */
async function makeBuckets(ours: S3Client, theirs: S3Client): Promise<void> {
  await ours.send(new CreateBucketCommand({ Bucket: 'lab' }));
  for (const [client, bucket] of [[ours, 'open'], [theirs, 'pays']] as const) {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a.txt', Body: 'alpha' }));
  }
  await ours.send(policy('open', '*', ['s3:GetObject', 's3:ListBucket']));
  await theirs.send(policy('pays', `arn:aws:iam:::user/${owner.name}`, ['s3:*']));
  await theirs.send(new PutBucketRequestPaymentCommand({ Bucket: 'pays', RequestPaymentConfiguration: { Payer: 'Requester' } }));
}

/** The gateway behind a proxy that lets requests fail. */
async function openCephUnderTest(): Promise<StoreUnderTest> {
  const gateway = await startCeph({ users: [owner, stranger, host], storageClass, encryptionKey });
  const home = new AwsHome();
  const profiles = [['owner', owner], ['wrong', { ...owner, secretAccessKey: wrongSecret }], ['stranger', stranger]] as const;
  await home.enter({ credentials: profiles.map(([name, credential]) => awsProfile(name, credential)).join('') });
  const proxy = await startFaultProxy(gateway.endpoint, failureBody);
  const [ours, theirs] = [clientOf(gateway.endpoint, owner), clientOf(gateway.endpoint, host)];
  await makeBuckets(ours, theirs);
  const open = ({ who = 'owner', place = 'here', storage = {}, surroundings = {} }: Variant): S3Store =>
    new S3Store(
      { scheme: 's3', bucket: s3Buckets[place], prefix: place === 'here' ? prefix : '' },
      { s3Endpoint: place === 'unreachable' ? 'http://127.0.0.1:9' : proxy.endpoint, ...s3Identities[who], ...storage },
      { ...impatient, ...surroundings },
    );
  return {
    store: open({}),
    put: (key, content) => ours.send(new PutObjectCommand({ Bucket: 'lab', Key: `${prefix}/${key}`, Body: Buffer.from(content) })),
    open: async (variant) => open(variant),
    faults: {
      inject: (fault, on = 'any', times = 1) => proxy.inject({ fault: s3ServerFault(fault), match: isKind(on), times }),
      clear: () => proxy.clearFaults(),
      seen: (on = 'any') => proxy.requests.filter(isKind(on)).length,
    },
    unfinishedUploads: async () => ((await ours.send(new ListMultipartUploadsCommand({ Bucket: 'lab' }))).Uploads ?? []).length,
    attributes: async (key) => {
      const { StorageClass, ServerSideEncryption, SSEKMSKeyId } = await ours.send(new HeadObjectCommand({ Bucket: 'lab', Key: `${prefix}/${key}` }));
      return { storageClass: StorageClass, encryption: ServerSideEncryption === 'aws:kms' ? 'kms' : ServerSideEncryption === 'AES256' ? 'provider' : undefined, encryptionKey: SSEKMSKeyId };
    },
    choices: { storageClass, encryptionKey: encryptionKey.name },
    secrets: [owner.secretAccessKey, stranger.secretAccessKey, wrongSecret, 'Signature='],
    close: async () => {
      for (const client of [ours, theirs]) client.destroy();
      await proxy.close();
      await gateway.close();
      await home.leave();
    },
  };
}

export const cephColumn: PeerColumn = {
  id: 'ceph',
  title: 'S3 (Ceph)',
  program: 'Ceph Object Gateway (radosgw)',
  find: findCeph,
  notApplicable: {
    'write-if-absent-race-large': 'Ceph 16 passes over the condition when the parts of an object are joined: of two writers at the same moment the later one wins',
    'write-encryption': 'Ceph 16 has no encryption by the provider on request',
    'access-requester-pays-write': 'Ceph asks only readers to pay',
    'access-expired': 'keys of Ceph that expire live for 15 minutes at least, too long for a test',
    'access-region': 'a gateway of Ceph takes requests for any region at its one address',
  },
  open: openCephUnderTest,
};
