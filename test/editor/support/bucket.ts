import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultCredential, startS3Server } from '../../servers/s3Server.ts';
import type { BucketOptions, Credential, S3Server } from '../../servers/s3Server.ts';

/** Lines of a section of ~/.aws/config or ~/.aws/credentials. */
export function awsSection(name: string, values: Readonly<Record<string, string>>): string {
  return `[${name}]\n${Object.entries(values).map(([key, value]) => `${key} = ${value}\n`).join('')}`;
}

/** The lines of ~/.aws/credentials for a key pair. */
export function awsKeys(name: string, { accessKeyId, secretAccessKey }: Credential = defaultCredential): string {
  return awsSection(name, { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey });
}

/** Writes the AWS files of the user of this editor, who is made up. */
export async function writeAwsFiles(config: string, credentials: string): Promise<void> {
  const folder = join(homedir(), '.aws');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config'), config);
  await writeFile(join(folder, 'credentials'), credentials);
}

/** An S3 service that the user's usual credentials lead to. */
export async function startUsualBuckets(buckets: Readonly<Record<string, BucketOptions>>): Promise<S3Server> {
  const server = await startS3Server({ buckets });
  await writeAwsFiles(awsSection('default', { region: 'us-east-1', endpoint_url: server.endpoint }), awsKeys('default'));
  return server;
}
