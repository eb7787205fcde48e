import type { Environment } from '../protocol/callerEnvironment.ts';
import type { DatasetRef } from '../protocol/datasets.ts';
import type { Clock } from '../protocol/log.ts';
import { providerOf } from '../protocol/signIn.ts';
import type { Provider } from '../protocol/signIn.ts';
import { credentialFiles } from '../storage/credentialFiles.ts';
import { FilesWatch } from '../storage/watchFiles.ts';
import { DatasetList } from './datasetList.ts';
import type { HandlerGroup } from './handlers.ts';

/** How often files are looked at while a window is open, in milliseconds. */
const lookInterval = 2000;
/** Least milliseconds between two notices about a provider; doubles up to the most while they follow each other: some tools write these files whenever they are asked. */
const leastGap = 2000;
const mostGap = 120_000;

/** Tells each window when the files of credentials have changed that it reads the datasets of the list with. */
export const credentialWatchHandlers: HandlerGroup = ({ state, clock, log, datasets }) => {
  const list = new DatasetList(state, clock, log);
  return (caller) => {
    const watch = new ProvidersWatch(caller.env, clock);
    const look = async (): Promise<void> => {
      const providers = watch.look((await list.read()).datasets);
      if (providers.length === 0) return;
      // What could not be compared with its storage is compared now.
      datasets.retry();
      await caller.notify('credentials.changed', { providers });
    };
    const timer = setInterval(() => { look().catch((error: unknown) => { log('warn', `Files of credentials cannot be watched: ${String(error)}`); }); }, lookInterval);
    caller.onClose(() => { clearInterval(timer); });
  };
};

interface Watched {
  readonly paths: readonly string[];
  readonly files: FilesWatch;
  /** A change that was not told yet. */
  changed: boolean;
  told: number;
  gap: number;
}

/** The files of credentials by provider, as one environment has them. */
class ProvidersWatch {
  readonly #env: Environment;
  readonly #clock: Clock;
  readonly #watched = new Map<Provider, Watched>();

  constructor(env: Environment, clock: Clock) {
    this.#env = env;
    this.#clock = clock;
  }

  /** Providers whose files have changed since they were looked at before, of those that the datasets need. */
  look(datasets: readonly DatasetRef[]): readonly Provider[] {
    const changed: Provider[] = [];
    for (const [provider, paths] of filesByProvider(datasets, this.#env)) {
      const known = this.#watched.get(provider);
      if (known === undefined || known.paths.join('\n') !== paths.join('\n')) {
        this.#watched.set(provider, { paths, files: new FilesWatch(paths), changed: false, told: -Infinity, gap: leastGap });
      } else if (isDue(known, this.#clock())) {
        changed.push(provider);
      }
    }
    return changed;
  }
}

/** Whether a change is to be told now. */
function isDue(entry: Watched, now: number): boolean {
  entry.changed = entry.files.changed() || entry.changed;
  const since = now - entry.told;
  if (!entry.changed || since < entry.gap) return false;
  entry.gap = since > mostGap ? leastGap : Math.min(mostGap, 2 * entry.gap);
  entry.changed = false;
  entry.told = now;
  return true;
}

function filesByProvider(datasets: readonly DatasetRef[], env: Environment): ReadonlyMap<Provider, readonly string[]> {
  const files = new Map<Provider, Set<string>>();
  for (const { uri, storage } of datasets) {
    const provider = providerOf(uri);
    if (provider === undefined) continue;
    const known = files.get(provider) ?? new Set();
    for (const path of credentialFiles(uri, storage, env)) known.add(path);
    files.set(provider, known);
  }
  return new Map([...files].map(([provider, paths]) => [provider, [...paths]]));
}
