import { SpimquantError } from '../../protocol/errors.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import { variable } from '../environment.ts';
import type { StorageOptions } from '../objectStore.ts';
import type { GcsCredentials } from './gcsCredentials.ts';

/** How to reach Google Cloud Storage, with every source taken into account. Holds no secret. */
export interface GcsSettings {
  /** Without a trailing slash; the API's paths (`/storage/v1`, `/upload/storage/v1`) follow. */
  readonly endpoint: string;
  /** False for services that only speak its language. */
  readonly isGoogle: boolean;
  readonly anonymous: boolean;
  readonly requesterPays: boolean;
  /** The project that pays; only where readers pay. */
  readonly payer: string | undefined;
  /** Where the credentials come from; undefined: none are used. */
  readonly credentials: GcsCredentials | undefined;
}

/** Where requests go: an option, the variable that all of Google's clients know, or Google. */
export interface GcsEndpoint {
  readonly address: string;
  /** Named by STORAGE_EMULATOR_HOST: Google's own clients send no credentials there, and ask for none. */
  readonly isEmulator: boolean;
  readonly isGoogle: boolean;
}

/** Settles the endpoint. `universe`: domain of a cloud that Google's partners run. Throws `bad-option` for one that is no http(s) URL. */
export function gcsEndpoint(options: StorageOptions, env: Environment, universe: string = 'googleapis.com'): GcsEndpoint {
  if (options.gcsEndpoint !== undefined) return { address: checkEndpoint(options.gcsEndpoint), isEmulator: false, isGoogle: isGoogleHost(options.gcsEndpoint) };
  const emulator = variable(env, 'STORAGE_EMULATOR_HOST');
  if (emulator !== undefined) return { address: checkEndpoint(/^[a-z]+:\/\//i.test(emulator) ? emulator : `http://${emulator}`), isEmulator: true, isGoogle: false };
  return { address: `https://storage.${universe}`, isEmulator: false, isGoogle: true };
}

/**
 * Who pays where readers pay: the project that is named, or the one that the credentials, the environment or gcloud name.
 * Throws `requester-pays` when there is none.
 */
export function payingProject(options: StorageOptions, env: Environment, credentials: GcsCredentials | undefined, gcloudProject: string | undefined): string {
  const project = options.gcsProject ?? variable(env, 'GOOGLE_CLOUD_QUOTA_PROJECT') ?? credentials?.file?.project ??
    variable(env, 'GOOGLE_CLOUD_PROJECT') ?? variable(env, 'GCLOUD_PROJECT') ?? gcloudProject;
  if (project !== undefined) return project;
  throw new SpimquantError('requester-pays', 'With --requester-pays a Google Cloud project pays, and none is known.', { hint: 'Name it with --gcs-project, or set GOOGLE_CLOUD_PROJECT.' });
}

/** Whoever reads along gets an access token: it goes over an encrypted line, or does not leave this machine. Throws `bad-option`. */
export function checkTokenSafety(endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint);
  if (protocol === 'https:' || isLoopback(hostname)) return;
  throw new SpimquantError('bad-option', `The Google Cloud Storage endpoint is not encrypted, so that credentials would be read on the way: ${endpoint}`, {
    hint: 'Use an https address, or --anonymous when the service asks for no credentials.',
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function checkEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SpimquantError('bad-option', `The Google Cloud Storage endpoint is not an http or https URL: ${endpoint}`, { hint: 'Write it like https://storage.example.org or http://127.0.0.1:4443.' });
  }
  if (url.username !== '' || url.password !== '') {
    throw new SpimquantError('bad-option', 'The Google Cloud Storage endpoint contains a user name or password.', { hint: 'Put only the address into the endpoint.' });
  }
  // People copy the address with the API's path.
  return endpoint.replace(/\/+$/, '').replace(/\/storage\/v1$/, '');
}

function isGoogleHost(endpoint: string): boolean {
  return URL.canParse(endpoint) && /(^|\.)googleapis\.com$/.test(new URL(endpoint).hostname);
}
