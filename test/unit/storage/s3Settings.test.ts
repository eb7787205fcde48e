import assert from 'node:assert/strict';
import { s3Settings } from '../../../runner/storage/s3/s3Settings.ts';
import type { AwsFiles } from '../../../runner/storage/s3/s3Settings.ts';
import { isError } from '../../integration/storage/objectStoreSuite.ts';

const files: AwsFiles = {
  configFile: {
    default: { region: 'eu-west-1' },
    lab: { region: 'eu-north-1', endpoint_url: 'https://lab.example.org' },
    services: { region: 'eu-south-1', endpoint_url: 'https://all.example.org', services: 'ours', 's3.addressing_style': 'virtual' },
    'services.ours': { 's3.endpoint_url': 'https://s3.example.org' },
  },
  credentialsFile: { keys: {} },
};

describe('S3 settings', () => {
  it('fall back on AWS and its first region', () => {
    assert.deepEqual(s3Settings({}, {}, { configFile: {}, credentialsFile: {} }), {
      profile: undefined, region: 'us-east-1', endpoint: undefined, pathStyle: false, anonymous: false, requesterPays: false,
    });
  });

  it('take the default profile, then the environment, then options', () => {
    assert.equal(s3Settings({}, {}, files).region, 'eu-west-1');
    assert.equal(s3Settings({}, { AWS_DEFAULT_REGION: 'ca-west-1' }, files).region, 'ca-west-1');
    assert.equal(s3Settings({}, { AWS_DEFAULT_REGION: 'ca-west-1', AWS_REGION: 'ca-central-1' }, files).region, 'ca-central-1');
    assert.equal(s3Settings({ s3Region: 'sa-east-1' }, { AWS_REGION: 'ca-central-1' }, files).region, 'sa-east-1');
  });

  it('let a profile that is named explicitly win over the environment', () => {
    const environment = { AWS_REGION: 'ca-central-1', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9000' };
    const named = s3Settings({ awsProfile: 'lab' }, environment, files);
    assert.deepEqual([named.region, named.endpoint, named.profile], ['eu-north-1', 'https://lab.example.org', 'lab']);
    const fromEnvironment = s3Settings({}, { ...environment, AWS_PROFILE: 'lab' }, files);
    assert.deepEqual([fromEnvironment.region, fromEnvironment.endpoint, fromEnvironment.profile], ['ca-central-1', 'http://127.0.0.1:9000', 'lab']);
    assert.equal(s3Settings({ awsProfile: 'keys' }, environment, files).endpoint, 'http://127.0.0.1:9000');
    assert.equal(s3Settings({ awsProfile: 'lab', s3Endpoint: 'http://localhost:1' }, environment, files).endpoint, 'http://localhost:1');
  });

  it('prefer the endpoint for S3 to the general one', () => {
    assert.equal(s3Settings({ awsProfile: 'services' }, {}, files).endpoint, 'https://s3.example.org');
    assert.equal(s3Settings({}, { AWS_ENDPOINT_URL: 'http://all:1', AWS_ENDPOINT_URL_S3: 'http://s3:1' }, files).endpoint, 'http://s3:1');
    assert.equal(s3Settings({ awsProfile: 'lab' }, { AWS_ENDPOINT_URL: 'http://all:1', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, files).endpoint, undefined);
  });

  it('put the bucket into the path, except at AWS or where a profile says otherwise', () => {
    assert.equal(s3Settings({ s3Endpoint: 'http://127.0.0.1:9000' }, {}, files).pathStyle, true);
    assert.equal(s3Settings({ s3Endpoint: 'https://minio.example.org' }, {}, files).pathStyle, true);
    assert.equal(s3Settings({ s3Endpoint: 'https://s3.eu-west-1.amazonaws.com' }, {}, files).pathStyle, false);
    assert.equal(s3Settings({ awsProfile: 'services' }, {}, files).pathStyle, false);
  });

  it('refuse unknown profiles and endpoints that are none, without repeating passwords', () => {
    assert.throws(() => s3Settings({ awsProfile: 'nobody' }, {}, files), isError('auth-missing', 'default, keys, lab, services'));
    assert.equal(s3Settings({ awsProfile: 'nobody', anonymous: true }, {}, files).anonymous, true);
    assert.throws(() => s3Settings({ s3Endpoint: 'localhost' }, {}, files), isError('bad-option', 'localhost'));
    assert.throws(() => s3Settings({ s3Endpoint: 'http://user:hush@host' }, {}, files), (error: Error) => isError('bad-option')(error) && !error.message.includes('hush'));
  });
});
