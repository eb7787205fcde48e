import assert from 'node:assert/strict';
import { credentialChoices } from '../../../runner/storage/credentialChoices.ts';
import { UserHome } from '../../helpers/userHome.ts';
import { inEnvironment } from '../../helpers/inEnvironment.ts';

const secret = 'plantedSecret/0123456789';

describe('what a machine offers for signing in', () => {
  let home: UserHome;
  beforeEach(() => { home = new UserHome(); });
  afterEach(() => { home.remove(); });

  const choices = (more: Readonly<Record<string, string>> = {}): ReturnType<typeof credentialChoices> => {
    const env = home.env(more);
    return inEnvironment(env, () => credentialChoices(env));
  };

  it('is nothing for a user without files and variables', async () => {
    assert.deepEqual(await choices(), {
      aws: { profiles: [], variables: [] }, google: { configurations: [] }, azure: { subscriptions: [], accounts: [], variables: [] },
    });
  });

  it('lists AWS profiles of both files, each with its kind, region and endpoint', async () => {
    home.write({
      '.aws/config': `
[default]
region = eu-central-1
[profile lab]
sso_session = uni
sso_account_id = 123456789012
sso_role_name = Analyst
region = ca-central-1
[sso-session uni]
sso_start_url = https://uni.awsapps.com/start
sso_region = ca-central-1
[profile old-sso]
sso_start_url = https://uni.awsapps.com/start
sso_account_id = 1
[profile admin]
role_arn = arn:aws:iam::123456789012:role/lab/Admin
source_profile = default
[profile pod]
role_arn = arn:aws:iam::123456789012:role/Pod
web_identity_token_file = /token
[profile vault]
credential_process = /opt/vault --token ${secret}
[profile console]
login_session = arn:aws:iam::123456789012:user/anna
[profile minio]
services = lab
[services lab]
s3 =
  endpoint_url = https://minio.example.org
[profile empty]
output = json
`,
      '.aws/credentials': `
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = ${secret}
[minio]
aws_access_key_id = minio
aws_secret_access_key = ${secret}
aws_session_token = ${secret}
`,
    });
    const { aws } = await choices({ AWS_PROFILE: 'lab', AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: secret });
    assert.deepEqual(aws, {
      chosen: 'lab',
      variables: ['AWS_ACCESS_KEY_ID'],
      profiles: [
        { name: 'default', kind: 'keys', description: 'Access keys', region: 'eu-central-1' },
        { name: 'admin', kind: 'role', description: 'Role Admin by way of the profile default' },
        { name: 'console', kind: 'login', description: 'Sign-in of the console (aws login)' },
        { name: 'empty', kind: 'none', description: 'No keys: settings only' },
        { name: 'lab', kind: 'sso', description: 'SSO, account 123456789012, role Analyst', region: 'ca-central-1' },
        { name: 'minio', kind: 'keys', description: 'Temporary keys', endpoint: 'https://minio.example.org' },
        { name: 'old-sso', kind: 'sso', description: 'SSO, account 1' },
        { name: 'pod', kind: 'web-identity', description: 'Role Pod by a token file' },
        { name: 'vault', kind: 'process', description: 'Keys from a program (credential_process)' },
      ],
    });
  });

  it('lists configurations of gcloud and says what the application default credentials are', async () => {
    home.write({
      '.config/gcloud/active_config': 'lab\n',
      '.config/gcloud/configurations/config_default': '[core]\naccount = anna@example.org\n',
      '.config/gcloud/configurations/config_lab': '[core]\naccount = anna@example.org\nproject = mice-2026\n[compute]\nregion = europe-west1\n',
      '.config/gcloud/application_default_credentials.json': { type: 'authorized_user', client_id: 'x', client_secret: secret, refresh_token: secret, quota_project_id: 'mice-2026' },
      'key.json': { type: 'service_account', project_id: 'robots', client_email: 'robot@robots.iam.gserviceaccount.com', private_key: secret },
    });
    const configurations = [
      { name: 'default', active: false, account: 'anna@example.org' },
      { name: 'lab', active: true, account: 'anna@example.org', project: 'mice-2026' },
    ];
    assert.deepEqual((await choices()).google, {
      configurations, applicationDefault: { path: home.path('.config/gcloud/application_default_credentials.json'), kind: 'user', project: 'mice-2026' },
    });
    const robot = await choices({ GOOGLE_APPLICATION_CREDENTIALS: home.path('key.json'), CLOUDSDK_ACTIVE_CONFIG_NAME: 'default' });
    assert.deepEqual(robot.google, {
      configurations: [{ ...configurations[0], active: true }, { ...configurations[1], active: false }],
      applicationDefault: { path: home.path('key.json'), variable: 'GOOGLE_APPLICATION_CREDENTIALS', kind: 'service-account', account: 'robot@robots.iam.gserviceaccount.com', project: 'robots' },
    });
    const gone = await choices({ GOOGLE_APPLICATION_CREDENTIALS: home.path('gone.json') });
    assert.deepEqual(gone.google.applicationDefault, { path: home.path('gone.json'), variable: 'GOOGLE_APPLICATION_CREDENTIALS', kind: 'unreadable' });
  });

  it('lists subscriptions of az and storage accounts that are named', async () => {
    home.write({
      '.azure/azureProfile.json': `\ufeff${JSON.stringify({
        installationId: 'x',
        subscriptions: [
          { id: '1111', name: 'Teaching', isDefault: false, tenantId: 'tttt', user: { name: 'anna@example.org', type: 'user' } },
          { id: '2222', name: 'Lab', isDefault: true, tenantId: 'tttt', user: { name: 'anna@example.org', type: 'user' } },
        ],
      })}`,
      '.azure/config': `[storage]\nconnection_string = DefaultEndpointsProtocol=https;AccountName=fromconfig;AccountKey=${secret}\n`,
    });
    const { azure } = await choices({ AZURE_STORAGE_ACCOUNT: 'labdata', AZURE_STORAGE_KEY: secret });
    assert.deepEqual(azure, {
      subscriptions: [
        { id: '2222', name: 'Lab', isDefault: true, tenant: 'tttt', user: 'anna@example.org' },
        { id: '1111', name: 'Teaching', isDefault: false, tenant: 'tttt', user: 'anna@example.org' },
      ],
      accounts: ['fromconfig', 'labdata'],
      variables: ['AZURE_STORAGE_KEY'],
    });
  });

  it('holds no secret, and survives files that are broken', async () => {
    home.write({
      '.aws/config': `[profile a\ncredential_process = x --secret ${secret}\n]]]`, '.aws/credentials': `[default]\naws_secret_access_key = ${secret}\n`,
      '.config/gcloud/application_default_credentials.json': `{"type": "service_account", "private_key": "${secret}"`,
      '.azure/azureProfile.json': '{"subscriptions": [null, 1, {"id": 5}]}', '.azure/config': `[storage]\nkey=${secret}\nsas_token=${secret}\nconnection_string=AccountKey=${secret}`,
    });
    const found = await choices({ AWS_SECRET_ACCESS_KEY: secret, AZURE_STORAGE_CONNECTION_STRING: `AccountName=a1b2c3;AccountKey=${secret}`, AZURE_STORAGE_SAS_TOKEN: `sig=${secret}` });
    assert.equal(JSON.stringify(found).includes(secret), false);
    assert.equal(found.google.applicationDefault?.kind, 'unreadable');
    assert.deepEqual(found.azure, { subscriptions: [], accounts: ['a1b2c3'], variables: ['AZURE_STORAGE_CONNECTION_STRING', 'AZURE_STORAGE_SAS_TOKEN'] });
  });
});
