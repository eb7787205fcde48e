/** Variables that runs need from the window: credentials of clouds, proxies, and where the user's own files are. */
const wanted = /^(?:(?:AWS|GOOGLE|AZURE|DASK|XDG|SPIMQUANT)_.+|.+_PROXY|.+_proxy|HOME|PATH|CLOUDSDK_CONFIG|USERPROFILE|LOCALAPPDATA|APPDATA)$/;

/** The part of an environment that goes to the runner with a request. It is kept in memory there, never written. */
export function runEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && wanted.test(name)) chosen[name] = value;
  }
  return chosen;
}
