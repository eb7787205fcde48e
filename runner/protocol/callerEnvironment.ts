/** Environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What answering for somebody needs of their environment: credentials of clouds, proxies, certificates, and where their own files are. */
const wanted = /^(?:(?:AWS|GOOGLE|GCLOUD|GCE|METADATA|CLOUDSDK|AZURE|IDENTITY|MSI|IMDS|DASK|XDG|SPIMQUANT)_.+|.+_PROXY|NO_GCE_CHECK|STORAGE_EMULATOR_HOST|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|SSL_CERT_FILE|SSL_CERT_DIR|HOME|PATH|USERPROFILE|LOCALAPPDATA|APPDATA)$/i;

/** The part of an environment that goes to the runner with hello or a request. It is kept in memory there, never written. */
export function callerEnvironment(environment: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && wanted.test(entry[0])));
}

/**
 * The runner's environment with the caller's part in the place of its own: what the caller does not have, a profile that
 * was chosen when the runner was started, say, does not count either.
 */
export function inCallersPlace(own: Environment, caller: Environment | undefined): Record<string, string> {
  const kept = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined && (caller === undefined || !wanted.test(entry[0])));
  return { ...Object.fromEntries(kept), ...callerEnvironment(caller ?? {}) };
}
