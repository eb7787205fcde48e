import assert from 'node:assert/strict';
import { doctorCommand } from '../../../extension/explorer/datasets/commandsOfNodes.ts';
import { answersOf, endpointProblem, endpointWarning, projectProblem, reachWords, regionProblem, serviceOf, storageOf } from '../../../extension/explorer/datasets/reach.ts';
import { profileWords, reachChoices, usualWords } from '../../../extension/explorer/datasets/reachChoices.ts';
import type { CredentialChoices } from '../../../runner/protocol/credentials.ts';
import type { StorageChoice } from '../../../runner/protocol/storageChoice.ts';

const nothing: CredentialChoices = { aws: { profiles: [], variables: [] }, google: { configurations: [] }, azure: { subscriptions: [], accounts: [], variables: [] } };
const lab: CredentialChoices = {
  aws: {
    profiles: [
      { name: 'default', kind: 'keys', description: 'Access keys', region: 'us-east-1' },
      { name: 'lab', kind: 'sso', description: 'SSO, account 123456789012, role Analyst', region: 'eu-central-1' },
      { name: 'minio', kind: 'none', description: 'No keys: settings only', endpoint: 'http://127.0.0.1:9000' },
    ],
    variables: [],
  },
  google: { configurations: [{ name: 'default', active: true, account: 'me@lab.org', project: 'lab-project' }], applicationDefault: { path: '/home/me/.config/gcloud/adc.json', kind: 'service-account', account: 'sa@lab.iam' } },
  azure: { subscriptions: [{ id: '1', name: 'Lab', user: 'me@lab.org', isDefault: true }], accounts: [], variables: [] },
};

describe('How a bucket is reached', () => {
  it('keeps only what belongs to the service and the way that was chosen', () => {
    assert.deepEqual(storageOf('s3', { way: 'anonymous', profile: 'lab', endpoint: 'http://x' }), { anonymous: true });
    assert.deepEqual(storageOf('s3', { way: 'usual', profile: 'lab' }), {});
    assert.deepEqual(storageOf('s3', { way: 'profile', profile: 'lab', endpoint: 'http://x', region: 'eu', more: false }), { awsProfile: 'lab' });
    assert.deepEqual(storageOf('s3', { way: 'anonymous', more: true, requesterPays: true, endpoint: 'http://x' }), { s3Endpoint: 'http://x', anonymous: true });
    assert.deepEqual(storageOf('gs', { way: 'file', credentialsFile: '/key.json', profile: 'lab', more: true, requesterPays: true, project: 'p' }), { gcsProject: 'p', gcsCredentials: '/key.json', requesterPays: true });
    assert.deepEqual(storageOf('gs', { way: 'profile', profile: 'lab' }), {});
    assert.deepEqual(storageOf('az', { way: 'usual', more: true, endpoint: 'http://x', region: 'eu', requesterPays: true }), { azureEndpoint: 'http://x' });
  });

  it('begins from what there is when it is changed, and leaves alone how objects are written', () => {
    const choices: readonly (readonly ['s3' | 'gs' | 'az', StorageChoice])[] = [
      ['s3', { awsProfile: 'lab', s3Endpoint: 'http://127.0.0.1:9000', s3Region: 'eu', requesterPays: true }], ['s3', { anonymous: true }], ['s3', { awsProfile: 'lab' }], ['s3', {}],
      ['gs', { gcsEndpoint: 'http://x', gcsProject: 'p', gcsCredentials: '/k', requesterPays: true }], ['gs', { gcsCredentials: '/k' }], ['az', { azureEndpoint: 'http://x' }], ['az', { anonymous: true }],
    ];
    for (const [service, storage] of choices) assert.deepEqual(storageOf(service, answersOf(service, storage)), storage);
    assert.deepEqual(storageOf('s3', { way: 'anonymous' }, { awsProfile: 'lab', storageClass: 'GLACIER_IR', encryption: 'kms', encryptionKey: 'k' }), { anonymous: true, storageClass: 'GLACIER_IR', encryption: 'kms', encryptionKey: 'k' });
  });

  it('is told in words', () => {
    assert.equal(reachWords({}), 'usual credentials');
    assert.equal(reachWords({ awsProfile: 'lab', s3Endpoint: 'http://x:1', s3Region: 'eu' }), 'AWS profile lab, at http://x:1, region eu');
    assert.equal(reachWords({ requesterPays: true, gcsProject: 'p' }), 'usual credentials, paid by project p');
    assert.equal(reachWords({ anonymous: true, azureEndpoint: 'http://x' }), 'without credentials, at http://x');
    assert.deepEqual(['s3://a/b', 'GS://a', 'az://a/b', '/a', 'C:\\a', 'https://a'].map(serviceOf), ['s3', 'gs', 'az', undefined, undefined, undefined]);
  });

  it('says what is wrong while it is written', () => {
    assert.match(endpointProblem('http://me:secret@host') ?? '', /without user name/);
    assert.match(endpointProblem('127.0.0.1:9000') ?? '', /whole address/);
    for (const good of ['', 'https://s3.example.org', 'http://127.0.0.1:9000']) assert.equal(endpointProblem(good), undefined);
    assert.match(endpointWarning('http://s3.example.org') ?? '', /unencrypted/);
    for (const good of ['http://127.0.0.1:9000', 'http://localhost:9000', 'https://s3.example.org', '']) assert.equal(endpointWarning(good), undefined);
    assert.match(regionProblem('eu central') ?? '', /letters, digits/);
    assert.equal(regionProblem('eu-central-1'), undefined);
    assert.match(projectProblem('My Lab') ?? '', /The name of a project may differ/);
    for (const good of ['lab-project-1', '123456789012', 'example.com:lab-project']) assert.equal(projectProblem(good), undefined);
  });

  it('offers what the machine has', () => {
    const labels = (service: 's3' | 'gs' | 'az', found: CredentialChoices | undefined): readonly string[] => reachChoices(service, found, {}, true).map(({ label }) => label.replace(/^\$\([\w-]+\) /, ''));
    assert.deepEqual(labels('s3', lab), ['My usual credentials', 'AWS profiles', 'default', 'lab', 'minio', 'Another profile…', '', 'Without credentials', 'Another service, region, or requester pays…']);
    assert.deepEqual(labels('gs', lab), ['My usual credentials', 'A service account\'s key file…', 'Without credentials', 'Requester pays, or another service…']);
    assert.deepEqual(labels('az', undefined), ['My usual credentials', 'Without credentials', 'Another address of the service…']);
    assert.equal(reachChoices('az', lab, {}, false).length, 2);
    assert.equal(profileWords(lab.aws.profiles[1]), 'SSO, account 123456789012, role Analyst · eu-central-1');
  });

  it('marks what was chosen before', () => {
    const marked = (answers: Parameters<typeof reachChoices>[2], more = true): string | undefined => reachChoices('s3', lab, answers, more).find(({ picked }) => picked === true)?.label;
    assert.equal(marked({ way: 'profile', profile: 'lab' }), '$(account) lab');
    assert.equal(marked({ way: 'profile', profile: 'gone' }), '$(edit) Another profile…');
    assert.equal(marked({ way: 'usual', more: true }), '$(settings-gear) Another service, region, or requester pays…');
    assert.equal(marked({ way: 'usual', more: true }, false), '$(key) My usual credentials');
    assert.equal(marked({}), undefined);
    const [, file] = reachChoices('gs', lab, { way: 'file', credentialsFile: '/k.json' }, true);
    assert.deepEqual([file.description, file.picked], ['/k.json', true]);
  });

  it('says what the usual credentials are, or that there are none', () => {
    assert.equal(usualWords('s3', lab), 'Profile default: Access keys · us-east-1');
    assert.equal(usualWords('s3', { ...lab, aws: { ...lab.aws, chosen: 'lab' } }), 'Profile lab: SSO, account 123456789012, role Analyst · eu-central-1');
    assert.equal(usualWords('s3', { ...lab, aws: { ...lab.aws, chosen: 'gone' } }), 'AWS_PROFILE names gone, which does not exist');
    assert.equal(usualWords('s3', { ...lab, aws: { ...lab.aws, variables: ['AWS_ACCESS_KEY_ID'] } }), 'From the environment (AWS_ACCESS_KEY_ID)');
    assert.equal(usualWords('gs', lab), 'Service account sa@lab.iam');
    assert.equal(usualWords('az', lab), 'Signed in by az login as me@lab.org');
    for (const service of ['s3', 'gs', 'az'] as const) assert.match(usualWords(service, nothing), /^No|^None/);
  });

  it('is checked by a command that says the same', () => {
    assert.equal(doctorCommand({ uri: 's3://lab/a b', storage: { awsProfile: 'lab' } }), "spimquant doctor 's3://lab/a b' --aws-profile lab");
    assert.equal(doctorCommand(), 'spimquant doctor');
  });
});
