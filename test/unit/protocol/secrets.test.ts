import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { reportError, SpimquantError } from '../../../runner/protocol/errors.ts';
import { rememberSecrets } from '../../../runner/protocol/knownSecrets.ts';
import { SecretFinder, secretsOfEnvironment, secretsOfJson, withoutSecrets } from '../../../runner/protocol/secrets.ts';

// Put together here, so that no scanner takes them for somebody's.
const key = 'AKIA' + 'QJ5XW2TZ7MPLK4DR';
const secretKey = 'pL4nt3d/S3cr3t+K3y' + '/0123456789abcdefgh/QQ';
const session = 'IQoJ' + 'b3JpZ2luX2VjE'.repeat(8);
const jwt = ['eyJhbGciOiJSUzI1NiJ9', 'eyJpc3MiOiJwbGFudGVkIn0', 'c2lnbmF0dXJlLXBsYW50ZWQ'].join('.');
const google = 'ya29.' + 'a0AfH6SMplantedTokenOfGoogle_12';
const pem = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const pemLine = pem.split('\n')[2];
const signature = 'b%2FplantedSignature%2B0123456789abcdef%3D';

const cases: readonly (readonly [what: string, text: string, secrets: readonly string[]])[] = [
  ['access keys', `InvalidAccessKeyId: ${key} is not known`, [key]],
  ['AWS files', `[lab]\naws_access_key_id = ${key}\naws_secret_access_key = ${secretKey}\naws_session_token=${session}\n`, [key, secretKey, session]],
  ['answers of STS', `<SecretAccessKey>${secretKey}</SecretAccessKey><SessionToken>${session}</SessionToken>`, [secretKey, session]],
  ['JSON', `{"SecretAccessKey":"${secretKey}","refresh_token": "1//0planted-refresh","client_secret":"abcd1234"}`, [secretKey, '1//0planted-refresh', 'abcd1234']],
  ['JSON within JSON', JSON.stringify({ message: JSON.stringify({ accessToken: 'aoaPlanted:1234', Authorization: 'Bearer abc.def-123' }) }), ['aoaPlanted:1234', 'abc.def-123']],
  ['signed addresses of AWS', `GET https://b.s3.amazonaws.com/k?X-Amz-Credential=${key}%2F20260101&X-Amz-Signature=0123456789abcdef&X-Amz-Security-Token=${session}`, [key, '0123456789abcdef', session]],
  ['signed addresses of Google', 'https://storage.googleapis.com/b/k?X-Goog-Credential=planted%40p.iam&X-Goog-Signature=fedcba98', ['planted%40p.iam', 'fedcba98']],
  ['shared access signatures', `https://lab.blob.core.windows.net/c?sv=2022-11-02&sp=rl&se=2026-12-01T00%3A00Z&sig=${signature}`, [signature, '2026-12-01T00']],
  ['addresses within addresses', `https://proxy/?to=${encodeURIComponent(`https://lab/c?sp=rl&sig=${signature}`)}`, [encodeURIComponent(signature)]],
  ['connection strings', `DefaultEndpointsProtocol=https;AccountName=lab;AccountKey=${secretKey}==;SharedAccessSignature=sv=2022&sig=${signature};`, [secretKey, signature]],
  ['headers', `authorization: AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00ff00ff\nx-amz-security-token:${session}\nhost:b`, [key, '00ff00ff', session]],
  ['more headers', '"Proxy-Authorization":"Basic dXNlcjpwbGFudGVk0","x-identity-header":"planted-1","x-aws-ec2-metadata-token":"planted-2"', ['dXNlcjpwbGFudGVk0', 'planted-1', 'planted-2']],
  ['bearer tokens', 'sent Bearer planted-token.0123 and was refused', ['planted-token.0123']],
  ['tokens of Coiled', 'Authorization: ApiToken 1234abcd-5678ef', ['1234abcd-5678ef']],
  ['tokens of Google', `invalid: ${google}`, [google]],
  ['signed claims', `assertion=${jwt}`, [jwt]],
  ['private keys', pem, [pemLine]],
  ['private keys in JSON', JSON.stringify({ private_key: pem }), [pemLine]],
  ['private keys that are cut off', `bad key: ${pem.slice(0, 200)}`, [pemLine.slice(0, 40)]],
  ['passwords in addresses', 'connect ECONNREFUSED http://me:s3cret-pl@nted@proxy:3128', ['s3cret-pl']],
  ['passwords', 'password=hunter22 pwd', ['hunter22']],
];

describe('secrets in text', () => {
  for (const [what, text, secrets] of cases) {
    it(`are hidden: ${what}`, () => {
      const rest = withoutSecrets(text);
      for (const secret of secrets) assert.ok(!rest.includes(secret), rest);
      assert.match(rest, /\*\*\*/);
      if (/^\s*\{/.test(text)) assert.doesNotThrow(() => { JSON.parse(rest); }, rest);
      assert.equal(withoutSecrets(rest), rest, 'hiding twice changes nothing');
    });
  }

  it('leave all else as it is', () => {
    const plain = [
      `sha256 ${createHash('sha256').update('x').digest('hex')}`, `digest ${createHash('sha256').update('x').digest('base64')}`, randomUUID(), '20260101-000000-002999',
      's3://lab/sub-01/micr/sub-01_sample-brain_SPIM.ome.zarr/c/0/12/7', 'az://account/container/prefix', '"0123456789abcdef0123456789abcdef-12"', 'gs://bucket/a?b=c#1700000000000000',
      'The authorization header is malformed; the region \'us-east-1\' is wrong; expecting \'eu-west-1\'', 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with AWS_PROFILE.',
      'Credentials found: the variable AZURE_STORAGE_SAS_TOKEN.', 'Check the password: ask the owner of the proxy.', 'Basic statistics of 12 objects', 'the access key …MPLE', '--encryption-key arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4444-8888-123456789abc',
      'https://login.microsoftonline.com/common', 'http://127.0.0.1:9000/bucket/a@b/c', 'me@example.org', 'tokens are asked for at https://oauth2.googleapis.com/token', 'part 3 of 8: keys: 12, secrets: none',
      'arn:aws:sts::123456789012:assumed-role/Analyst/me@example.org', 'uploadId=2~abc', '1.5e-3\t-0.25\tn/a', `{"seq":4,"time":1764133747000,"type":"task-started","task":"sub-01/segment"}`,
    ];
    for (const text of plain) assert.equal(withoutSecrets(text), text);
  });

  it('are found by their values too, plain, and as addresses, JSON, HTML and base64 have them', () => {
    const value = 'a planted "pass/word+" & more=';
    const finder = new SecretFinder([value, 'another-planted-value']);
    const header = Buffer.from(`someone:${value}`).toString('base64');
    const forms = [value, encodeURIComponent(value), encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()), JSON.stringify(value).slice(1, -1), value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')];
    for (const form of forms) assert.equal(finder.hide(`said: ${form}, twice: ${form}.`), 'said: ***, twice: ***.');
    for (const before of ['', 'x', 'xy', 'someone:']) {
      const rest = finder.hide(Buffer.from(`${before}${value}${before}`).toString('base64'));
      assert.match(rest, /\*\*\*/);
      assert.ok(!Buffer.from(rest.replaceAll('***', ''), 'base64').toString().includes('planted'));
    }
    assert.ok(!withoutSecrets(`Basic ${header}`, finder).includes(header.slice(12, 30)));
    assert.equal(finder.hide('nothing here'), 'nothing here');
  });

  it('are not looked for in pictures, which stay whole', () => {
    const picture = `iVBORw0KGgo${'password=hunter22'.replace('=', '/')}`;
    const text = JSON.stringify({ data: picture, message: 'password=hunter22', other: picture });
    assert.equal(withoutSecrets(text), JSON.stringify({ data: picture, message: 'password=***', other: picture }));
  });

  it('are the values of variables whose names say so, and what is secret inside of others', () => {
    const env = {
      AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: session, AWS_ACCESS_KEY_ID: key, DASK_COILED__TOKEN: 'coiled-token-1', AZURE_CLIENT_SECRET: 'azure~secret.1',
      AZURE_STORAGE_CONNECTION_STRING: `AccountName=lab;AccountKey=${secretKey}==;EndpointSuffix=core.windows.net`, AZURE_STORAGE_SAS_TOKEN: `sv=1&sig=${signature}`,
      HTTPS_PROXY: 'http://me:pr%40xy-password@proxy:3128', http_proxy: 'me:other-password@proxy:3128', IDENTITY_HEADER: 'identity-header-1', DB_PASSWORD: 'pass word 9',
    };
    const found = secretsOfEnvironment(env);
    for (const secret of [secretKey, session, key, 'coiled-token-1', 'azure~secret.1', `${secretKey}==`, signature, decodeURIComponent(signature), 'pr%40xy-password', 'pr@xy-password', 'other-password', 'identity-header-1', 'pass word 9']) {
      assert.ok(found.includes(secret), secret);
    }
    const ordinary = {
      PATH: '/usr/bin:/bin', HOME: '/home/me', PWD: '/home/me/data', AWS_PROFILE: 'analysis-lab', AWS_REGION: 'eu-central-1', AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential', GOOGLE_APPLICATION_CREDENTIALS: '/home/me/key.json',
      AWS_WEB_IDENTITY_TOKEN_FILE: 'token-of-the-pod.txt', AWS_CREDENTIAL_EXPIRATION: '2026-12-01T00:00:00Z', MAX_TOKENS: '100000000', KEY: 'participant', AZURE_STORAGE_ACCOUNT: 'labstorage', TOKEN_LIMIT: '12345678a',
    };
    assert.deepEqual(secretsOfEnvironment(ordinary), []);
  });

  it('are the values in credentials files whose names say so', () => {
    const file = { type: 'service_account', project_id: 'my-project', private_key_id: '0123456789abcdef', private_key: pem, client_email: 'a@b.iam', source_credentials: { client_secret: 'GOCSPX-1234', refresh_token: '1//refresh' } };
    const found = secretsOfJson(file);
    for (const secret of [pem, pemLine, 'GOCSPX-1234', '1//refresh']) assert.ok(found.includes(secret), secret);
    for (const plain of ['my-project', '0123456789abcdef', 'a@b.iam', 'service_account']) assert.ok(!found.includes(plain), plain);
  });

  it('are in no report of an error', () => {
    rememberSecrets(['what-this-process-has-met']);
    const error = new SpimquantError('access-denied', `refused Bearer ${jwt}`, { hint: 'Not what-this-process-has-met', where: 'https://a:bcdefgh@host/x' });
    assert.deepEqual(reportError(error), { code: 'access-denied', message: 'refused Bearer ***', hint: 'Not ***', where: 'https://***@host/x' });
    const defect = reportError(new Error('failed with what-this-process-has-met'));
    assert.ok(!JSON.stringify(defect).includes('has-met'));
    assert.match(defect.stack ?? '', /secrets\.test\.ts/);
  });
});
