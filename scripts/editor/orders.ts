import type { Scenario } from '../../test/editor/scenarios.ts';

/** What a scenario's editor is to do. It goes through the environment, because an editor's arguments are not ours. */
export interface Orders {
  readonly scenario: Scenario;
  /** Bundled suites. */
  readonly files: readonly string[];
  /** Folder of the throw-away profile. */
  readonly profile: string;
  /** Package to install; undefined: none. */
  readonly vsix?: string;
  /** Only tests whose title contains this. */
  readonly grep?: string;
}

const variable = 'SPIMQUANT_TEST_ORDERS';

export function writeOrders(orders: Orders): Record<string, string> {
  return { [variable]: JSON.stringify(orders) };
}

export function readOrders(env: NodeJS.ProcessEnv): Orders {
  const text = env[variable];
  if (text === undefined) throw new Error(`${variable} is not set: start the tests with npm run test:editor.`);
  return JSON.parse(text) as Orders;
}
