import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signInCommands } from '../../../runner/protocol/signIn.ts';
import { areRenewable, credentialFiles } from '../../../runner/storage/credentialFiles.ts';
import { FilesWatch } from '../../../runner/storage/watchFiles.ts';

const home = { HOME: '/home/ann' };
const under = (...parts: string[]): string => join('/home/ann', ...parts);

describe('files of credentials', () => {
  it('are those of the AWS tools, wherever the environment puts them', () => {
    assert.deepEqual(credentialFiles('s3://lab/bids', {}, home), [under('.aws', 'credentials'), under('.aws', 'config'), under('.aws', 'sso', 'cache'), under('.aws', 'login', 'cache')]);
    const moved = credentialFiles('s3://lab/bids', {}, { HOME: '/h', AWS_SHARED_CREDENTIALS_FILE: '/c', AWS_CONFIG_FILE: '/f', AWS_WEB_IDENTITY_TOKEN_FILE: '/w' });
    assert.deepEqual(moved, ['/c', '/f', join('/h', '.aws', 'sso', 'cache'), join('/h', '.aws', 'login', 'cache'), '/w']);
  });

  it('are the application default credentials of gcloud, or the file that is named', () => {
    assert.deepEqual(credentialFiles('gs://lab', {}, home), [under('.config', 'gcloud', 'application_default_credentials.json')]);
    assert.deepEqual(credentialFiles('gs://lab', {}, { ...home, CLOUDSDK_CONFIG: '/g' }), [join('/g', 'application_default_credentials.json')]);
    assert.deepEqual(credentialFiles('gs://lab', {}, { APPDATA: '/a' }, 'win32'), [join('/a', 'gcloud', 'application_default_credentials.json')]);
    assert.deepEqual(credentialFiles('gs://lab', { gcsCredentials: '/own/key.json' }, { ...home, GOOGLE_APPLICATION_CREDENTIALS: '/e.json' }), ['/own/key.json']);
    assert.deepEqual(credentialFiles('gs://lab', {}, { ...home, GOOGLE_APPLICATION_CREDENTIALS: '/e.json' }), ['/e.json']);
  });

  it('are the token caches of the Azure tools', () => {
    assert.ok(credentialFiles('az://account/lab', {}, home).includes(under('.azure', 'msal_token_cache.json')));
    assert.ok(credentialFiles('az://account/lab', {}, { ...home, AZURE_CONFIG_DIR: '/z' }).includes(join('/z', 'msal_token_cache.json')));
  });

  it('are none for folders and for public buckets', () => {
    assert.deepEqual(credentialFiles('/data/bids', {}, home), []);
    assert.deepEqual(credentialFiles('s3://open/bids', { anonymous: true }, home), []);
  });

  it('can be renewed while a program runs, unlike keys in its environment', () => {
    const keys = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' };
    assert.equal(areRenewable('s3://lab', {}, keys), false);
    assert.equal(areRenewable('s3://lab', {}, {}), true);
    assert.equal(areRenewable('s3://lab', { awsProfile: 'lab' }, keys), true);
    assert.equal(areRenewable('s3://lab', {}, { ...keys, AWS_PROFILE: 'lab' }), true);
    assert.equal(areRenewable('gs://lab', {}, keys), true);
    assert.equal(areRenewable('az://account/lab', {}, keys), true);
    assert.equal(areRenewable('az://account/lab', {}, { AZURE_STORAGE_SAS_TOKEN: 'sv=2024&sig=x' }), false);
    assert.equal(areRenewable('/data', {}, keys), true);
  });
});

describe('sign-in commands', () => {
  it('are the provider\'s own, with the profile that is used', () => {
    assert.deepEqual(signInCommands('s3://lab/bids', {}), ['aws sso login']);
    assert.deepEqual(signInCommands('s3://lab/bids', { awsProfile: 'lab' }, { AWS_PROFILE: 'other' }), ['aws sso login --profile lab']);
    assert.deepEqual(signInCommands('s3://lab/bids', {}, { AWS_PROFILE: 'other' }), ['aws sso login --profile other']);
    assert.deepEqual(signInCommands('s3://lab/bids', { s3Endpoint: 'https://s3.eu-west-1.amazonaws.com' }), ['aws sso login']);
    assert.deepEqual(signInCommands('gs://lab/bids', {}), ['gcloud auth application-default login']);
    assert.deepEqual(signInCommands('az://account/lab', {}), ['az login']);
  });

  it('are several or none where it is not clear', () => {
    assert.deepEqual(signInCommands('s3://lab', { s3Endpoint: 'https://minio.lab.org', awsProfile: 'm' }), ['aws sso login --profile m', 'aws configure --profile m']);
    assert.deepEqual(signInCommands('gs://lab', { gcsCredentials: '/key.json' }), []);
    assert.deepEqual(signInCommands('gs://lab', {}, { GOOGLE_APPLICATION_CREDENTIALS: '/key.json' }), []);
    assert.deepEqual(signInCommands('/data', {}), []);
    assert.deepEqual(signInCommands('s3://lab', { anonymous: true }), []);
  });

  it('hold nothing that a shell would take for more than a name', () => {
    assert.deepEqual(signInCommands('s3://lab', { awsProfile: 'Ann Lab' }), ['aws sso login --profile "Ann Lab"']);
    for (const awsProfile of ['x; rm -rf ~', '$(reboot)', '`id`', 'a"b', "a'b", 'a|b', 'a&b', 'a\nb', '%PATH%', '--endpoint-url', 'a\\b', '-x']) {
      assert.deepEqual(signInCommands('s3://lab', { awsProfile }), [], awsProfile);
    }
  });
});

describe('watched files', () => {
  let folder = '';
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'watch-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  it('are noticed when they come, change, are replaced and go, once each time', () => {
    const file = join(folder, 'credentials');
    const cache = join(folder, 'sso', 'cache');
    const watch = new FilesWatch([file, cache]);
    const doings: (() => void)[] = [
      () => { writeFileSync(file, 'one'); },
      () => { writeFileSync(file, 'other'); },
      () => {
        writeFileSync(join(folder, 'new'), 'third');
        renameSync(join(folder, 'new'), file);
      },
      () => { mkdirSync(cache, { recursive: true }); },
      () => { writeFileSync(join(cache, 'a.json'), '{}'); },
      () => { unlinkSync(file); },
    ];
    assert.equal(watch.changed(), false);
    for (const doing of doings) {
      doing();
      assert.equal(watch.changed(), true, String(doing));
      assert.equal(watch.changed(), false);
    }
    writeFileSync(join(folder, 'something else'), '');
    assert.equal(watch.changed(), false);
    watch.dispose();
  });

  it('are told of by the system', async () => {
    const file = join(folder, 'credentials');
    let watch: FilesWatch | undefined;
    const told = new Promise<void>((resolve) => { watch = new FilesWatch([file], resolve); });
    writeFileSync(file, 'one');
    await told;
    assert.equal(watch?.changed(), true);
    watch?.dispose();
  });
});
