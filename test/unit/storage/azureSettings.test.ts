import assert from 'node:assert/strict';
import { accessTier, azureSettings, isAzureEndpoint, sasExpiry } from '../../../runner/storage/azure/azureSettings.ts';
import type { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { StorageOptions } from '../../../runner/storage/objectStore.ts';

const settings = (env: Record<string, string> = {}, options: StorageOptions = {}, account = 'lab') => azureSettings(account, options, env);
const credential = (env: Record<string, string>, options?: StorageOptions) => settings(env, options).credential;
const refused = (work: () => unknown, code: string, pattern: RegExp): void => {
  assert.throws(work, (error: SpimquantError) => {
    assert.equal(error.code, code);
    assert.match(`${error.message} ${error.hint ?? ''}`, pattern);
    assert.doesNotMatch(`${error.message} ${error.hint ?? ''}`, /SECRET/);
    return true;
  });
};

describe('settings for Azure', () => {
  it('go to Azure, unless an option or a connection string for this account says otherwise', () => {
    const connection = 'AccountName=lab;AccountKey=a2V5;BlobEndpoint=https://lab.blob.example.org/;EndpointSuffix=x';
    assert.equal(settings().endpoint, 'https://lab.blob.core.windows.net');
    assert.equal(settings({ AZURE_STORAGE_CONNECTION_STRING: connection }).endpoint, 'https://lab.blob.example.org');
    assert.equal(settings({ AZURE_STORAGE_CONNECTION_STRING: 'DefaultEndpointsProtocol=https;AccountName=LAB;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn' }).endpoint, 'https://lab.blob.core.chinacloudapi.cn');
    assert.equal(settings({ AZURE_STORAGE_CONNECTION_STRING: connection.replace('=lab', '=other') }).endpoint, 'https://lab.blob.core.windows.net');
    assert.equal(settings({ AZURE_STORAGE_CONNECTION_STRING: connection }, { azureEndpoint: 'https://lab.blob.core.usgovcloudapi.net/' }).endpoint, 'https://lab.blob.core.usgovcloudapi.net');
  });

  it('put the account into the path where the host is an address', () => {
    const env = { AZURE_STORAGE_KEY: 'a2V5' };
    assert.equal(settings(env, { azureEndpoint: 'http://127.0.0.1:10000' }).endpoint, 'http://127.0.0.1:10000/lab');
    assert.equal(settings(env, { azureEndpoint: 'http://127.0.0.1:10000/lab/' }).endpoint, 'http://127.0.0.1:10000/lab');
    assert.equal(settings(env, { azureEndpoint: 'http://localhost:10000/' }).endpoint, 'http://localhost:10000/lab');
    assert.equal(settings(env, { azureEndpoint: 'http://[::1]:10000' }).endpoint, 'http://[::1]:10000/lab');
    refused(() => settings(env, { azureEndpoint: 'http://127.0.0.1:10000/devstoreaccount1' }), 'bad-option', /"devstoreaccount1", not of "lab".*az:\/\/devstoreaccount1/);
  });

  it('take the first credential there is', () => {
    const sasOnly = { AZURE_STORAGE_SAS_TOKEN: '?sv=1&sig=x' };
    const withoutString = { ...sasOnly, AZURE_STORAGE_KEY: 'a2V5' };
    const all = { ...withoutString, AZURE_STORAGE_CONNECTION_STRING: 'AccountName=lab;AccountKey=Y29ubmVjdGlvbg==' };
    assert.deepEqual(credential(all, { anonymous: true }), { kind: 'anonymous' });
    assert.deepEqual(credential(all), { kind: 'key', key: 'Y29ubmVjdGlvbg==' });
    assert.deepEqual(credential({ ...all, AZURE_STORAGE_CONNECTION_STRING: 'AccountName=other;AccountKey=eA==' }), { kind: 'key', key: 'a2V5' });
    assert.deepEqual(credential(withoutString), { kind: 'key', key: 'a2V5' });
    assert.deepEqual(credential(sasOnly), { kind: 'sas', token: 'sv=1&sig=x' });
    assert.deepEqual(credential({}), { kind: 'sign-in' });
  });

  it('read connection strings with signatures, and those of emulators', () => {
    assert.deepEqual(credential({ AZURE_STORAGE_CONNECTION_STRING: 'BlobEndpoint=https://lab.blob.core.windows.net;SharedAccessSignature=sv=1&sig=a%3D' }), { kind: 'sas', token: 'sv=1&sig=a%3D' });
    assert.equal(settings({ AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' }, {}, 'devstoreaccount1').endpoint, 'http://127.0.0.1:10000/devstoreaccount1');
    assert.equal(settings({ AZURE_STORAGE_CONNECTION_STRING: 'BlobEndpoint=http://127.0.0.1:10000/lab;SharedAccessSignature=sv=1&sig=x' }).endpoint, 'http://127.0.0.1:10000/lab');
    assert.deepEqual(credential({ AZURE_STORAGE_CONNECTION_STRING: 'nonsense' }), { kind: 'sign-in' });
  });

  it('leave alone what AZURE_STORAGE_ACCOUNT says is for another account, and say so', () => {
    assert.deepEqual(credential({ AZURE_STORAGE_KEY: 'a2V5', AZURE_STORAGE_ACCOUNT: 'LAB' }), { kind: 'key', key: 'a2V5' });
    const other = credential({ AZURE_STORAGE_KEY: 'a2V5', AZURE_STORAGE_ACCOUNT: 'other' });
    assert.ok(other.kind === 'sign-in' && /AZURE_STORAGE_KEY is not used.*"other"/.test(other.passedOver ?? ''));
  });

  it('refuse endpoints that cannot be, without repeating what is secret in them', () => {
    refused(() => settings({}, { azureEndpoint: 'lab.blob.core.windows.net' }), 'bad-option', /not an http or https URL/);
    refused(() => settings({}, { azureEndpoint: 'https://lab.blob.core.windows.net/?sig=SECRET' }), 'bad-option', /AZURE_STORAGE_SAS_TOKEN/);
    refused(() => settings({}, { azureEndpoint: 'https://user:SECRET@lab.blob.core.windows.net' }), 'bad-option', /password or a signature/);
    refused(() => settings({}, { azureEndpoint: 'http://127.0.0.1:10000' }), 'auth-missing', /not encrypted.*AZURE_STORAGE_KEY.*--anonymous/);
  });

  it('know the tiers, the ends of signatures, and Microsoft\'s own endpoints', () => {
    assert.deepEqual(['hot', 'COOL', 'Cold', 'archive'].map(accessTier), ['Hot', 'Cool', 'Cold', 'Archive']);
    refused(() => accessTier('STANDARD_IA'), 'bad-option', /Hot, Cool, Cold, Archive/);
    assert.equal(sasExpiry('sv=1&se=2026-11-25T10%3A00%3A00Z&sig=x'), Date.UTC(2026, 10, 25, 10));
    assert.equal(sasExpiry('sv=1&si=policy&sig=x'), undefined);
    assert.ok(isAzureEndpoint('https://lab.z12.blob.storage.azure.net') && isAzureEndpoint('https://lab.blob.core.windows.net'));
    assert.ok(!isAzureEndpoint('http://127.0.0.1:10000/lab') && !isAzureEndpoint('https://core.windows.net.example.org'));
  });
});
