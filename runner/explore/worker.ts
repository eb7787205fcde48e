// A thread that carries out exploring commands, one after another: they compute, and the server must go on answering.
import { parentPort, workerData } from 'node:worker_threads';
import { reportError } from '../protocol/errors.ts';
import { hideSecrets, rememberSecretsOfEnvironment } from '../protocol/knownSecrets.ts';
import { ExploreCache } from './cache.ts';
import { explore as exploreCommand } from './explore.ts';
import type { ExplorerMessage, ExplorerRequest, ExplorerSetup } from './workerMessages.ts';

const { exploreModule } = (workerData ?? {}) as ExplorerSetup;
const explore = exploreModule === undefined ? exploreCommand : ((await import(exploreModule)) as { readonly explore: typeof exploreCommand }).explore;

let abort: AbortController | undefined;
/** What was read with one environment: another may have other rights. */
let kept: { readonly env: string; readonly cache: ExploreCache } | undefined;

/** Of each thread; there are few. */
const cacheBytes = 256 * 1024 * 1024;

function tell(message: ExplorerMessage): void {
  parentPort?.postMessage(message);
}

/** This thread has an environment of its own: clients of buckets look for credentials there. */
function useEnvironment(env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  rememberSecretsOfEnvironment(env);
}

function cacheFor(env: Readonly<Record<string, string>>): ExploreCache {
  const name = JSON.stringify(Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1)));
  if (kept?.env !== name) kept = { env: name, cache: new ExploreCache(cacheBytes) };
  return kept.cache;
}

async function carryOut(request: Extract<ExplorerRequest, { type: 'explore' }>): Promise<void> {
  const mine = new AbortController();
  abort = mine;
  try {
    useEnvironment(request.env);
    const result = await explore(request.text, {
      signal: mine.signal,
      env: request.env,
      cache: cacheFor(request.env),
      cwd: request.cwd,
      progress: (message) => { tell({ type: 'progress', message: hideSecrets(message) }); },
      log: (level, message) => { tell({ type: 'log', level, message: hideSecrets(message) }); },
    });
    // What is for programs would only make notebooks longer.
    tell({ type: 'result', result: { ...result, data: undefined } });
  } catch (error) {
    tell({ type: 'error', error: reportError(error) });
  } finally {
    if (abort === mine) abort = undefined;
  }
}

parentPort?.on('message', (request: ExplorerRequest) => {
  if (request.type === 'cancel') abort?.abort();
  else void carryOut(request);
});
tell({ type: 'ready' });
