/** What the editor has for signing in to Coiled. It goes with each request that may need it; the runner never writes it. */
export interface CoiledAccess {
  readonly token?: string;
  readonly server?: string;
  readonly workspace?: string;
}

/** By these a program that works for the editor has it in its environment. */
export const coiledVariableNames = { token: 'SPIMQUANT_COILED_TOKEN', server: 'SPIMQUANT_COILED_SERVER', workspace: 'SPIMQUANT_COILED_WORKSPACE' } as const;

/** An environment with what a request brings for Coiled. */
export function withCoiled<E extends Readonly<Record<string, string | undefined>>>(env: E, access: CoiledAccess | undefined): E {
  const given = Object.entries(coiledVariableNames).flatMap(([part, name]) => {
    const value = access?.[part as keyof CoiledAccess];
    return value === undefined ? [] : [[name, value]];
  });
  return given.length === 0 ? env : { ...env, ...Object.fromEntries(given) as Record<string, string> };
}
