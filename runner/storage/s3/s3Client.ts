import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { rememberSecrets } from '../../protocol/knownSecrets.ts';
import { defaultTimeouts } from '../connection.ts';
import type { Timeouts } from '../connection.ts';
import type { StorageOptions } from '../objectStore.ts';
import { agentsFor } from '../proxies.ts';
import { loadAwsFiles } from './awsProfiles.ts';
import { s3Settings } from './s3Settings.ts';
import type { S3Settings } from './s3Settings.ts';

/** The SDK's logger that says nothing: what it would say may hold parts of requests. */
export const silent = { trace: () => undefined, debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** The settings that hold for these options on this machine, with the user's AWS files read anew. Throws as {@link s3Settings}. */
export async function loadS3Settings(options: StorageOptions): Promise<S3Settings> {
  return s3Settings(options, process.env, await loadAwsFiles());
}

/** Where the keys come from: the SDK's own chain (environment, profile, SSO, process, web identity, container, instance). */
export function s3Credentials(settings: S3Settings): NonNullable<S3ClientConfig['credentials']> {
  if (settings.anonymous) return { accessKeyId: '', secretAccessKey: '' };
  const provider = fromNodeProviderChain({
    ...(settings.profile === undefined ? {} : { profile: settings.profile }),
    ignoreCache: true,
    logger: silent,
    clientConfig: { region: settings.region, requestHandler: requestHandler(defaultTimeouts) },
  });
  return async (properties) => {
    const found = await provider(properties);
    rememberSecrets([found.secretAccessKey, found.sessionToken, found.accessKeyId]);
    return found;
  };
}

/**
 * A client for one region. It never tries twice and never follows a redirect itself: the connection does, for bodies as
 * well as for answers. Checksums are sent only where S3 demands them, because many S3-compatible services refuse others;
 * the SHA-256 of every upload is part of its signature.
 */
export function makeS3Client(settings: S3Settings, region: string, credentials: NonNullable<S3ClientConfig['credentials']>, sockets: number, timeouts: Timeouts): S3Client {
  return new S3Client({
    region,
    credentials,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(settings.anonymous ? { signer: { sign: async (request) => request } } : {}),
    forcePathStyle: settings.pathStyle,
    maxAttempts: 1,
    followRegionRedirects: false,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: silent,
    requestHandler: requestHandler(timeouts, sockets),
  });
}

/** How requests are sent: within their time, and through the proxies that the environment names. */
export function requestHandler(timeouts: Timeouts, sockets = 4): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: timeouts.connectMs,
    socketTimeout: timeouts.silenceMs,
    ...agentsFor(process.env, { keepAlive: true, maxSockets: sockets }),
    logger: silent,
  });
}
