/** Runs `work` while this process has another environment: libraries of the providers look there for credentials. */
export async function inEnvironment<T>(env: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  const saved = { ...process.env };
  const become = (wanted: Readonly<Record<string, string | undefined>>): void => {
    for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name];
    Object.assign(process.env, wanted);
  };
  become(env);
  try {
    return await work();
  } finally {
    become(saved);
  }
}
