import { workerData } from 'node:worker_threads';
import { reportError } from '../protocol/errors.ts';
import type { ErrorReport } from '../protocol/errors.ts';
import { hideSecrets, rememberSecretsOfEnvironment } from '../protocol/knownSecrets.ts';
import { loadStage } from '../pipeline/stages.ts';
import type { Place, Stage, TaskContext } from '../pipeline/task.ts';
import { CountingStore, openStore } from '../storage/open.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { localPathOf } from './places.ts';
import { throttleProgress } from './throttle.ts';
import type { Places } from './places.ts';
import { outOfMemory } from './workerMessages.ts';
import type { Assignment, StageModule, Verdict, WorkerMessage, WorkerSetup } from './workerMessages.ts';

// What a thread has met, others do not know: it says nothing that they would have to hide.
rememberSecretsOfEnvironment(process.env);

/** This thread's connections, kept from task to task: opening one to a bucket costs a handshake. */
const connections = new Map<string, ObjectStore>();

function connect(place: Places[Place]): ObjectStore {
  const key = JSON.stringify(place);
  let store = connections.get(key);
  if (store === undefined) {
    store = openStore(place.uri, place.storage);
    connections.set(key, store);
  }
  return store;
}

/** The stage of that name, of the pipeline or of the module that the pool was started with. */
async function findStage(name: string): Promise<Stage> {
  const setup = workerData as WorkerSetup | undefined;
  if (setup?.stageModule === undefined) return loadStage(name);
  const module = (await import(setup.stageModule)) as StageModule;
  return module.loadStage(name);
}

/** Runs one task. The default export is what the thread pool calls. */
async function runTask({ task, places, port }: Assignment): Promise<Verdict> {
  const abort = new AbortController();
  port.on('message', () => abort.abort());
  // The port must not keep a thread alive that has nothing else to do.
  port.unref();
  const tell = (message: WorkerMessage): void => port.postMessage(message);
  const stores = new Map<Place, CountingStore>();
  const store = (place: Place): CountingStore => {
    let counting = stores.get(place);
    if (counting === undefined) {
      counting = new CountingStore(connect(places[place]));
      stores.set(place, counting);
    }
    return counting;
  };
  const context: TaskContext = {
    store,
    localPath: (artifact) => localPathOf(places, artifact),
    signal: abort.signal,
    log: (level, message) => tell({ type: 'log', level, message: hideSecrets(message) }),
    progress: throttleProgress((progress) => tell({ type: 'progress', progress })),
  };
  try {
    const stage = await findStage(task.stage);
    await stage.run(task, context);
    abort.signal.throwIfAborted();
    return {
      ok: true,
      bytesRead: stores.get('dataset')?.counts.bytesRead ?? 0,
      bytesWritten: (stores.get('output')?.counts.bytesWritten ?? 0) + (stores.get('work')?.counts.bytesWritten ?? 0),
    };
  } catch (error) {
    return { ok: false, error: abort.signal.aborted ? { code: 'cancelled', message: 'Cancelled.' } : explain(error) };
  } finally {
    port.close();
  }
}

/** A report of what was thrown; failed allocations are recognised, which engines report as range errors. */
function explain(error: unknown): ErrorReport {
  const failedAllocation = error instanceof RangeError && /allocation failed|could not allocate|out of memory|invalid (typed )?array( buffer)? length/i.test(error.message);
  return failedAllocation ? outOfMemory(error.message) : reportError(error);
}

// eslint-disable-next-line no-restricted-exports -- the thread pool calls a module's default export
export default runTask;
