import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import type { Place, TaskContext } from '../../../runner/pipeline/task.ts';

/** A task's surroundings in memory: one store a place, and what was logged. */
export interface MemoryContext {
  readonly context: TaskContext;
  readonly stores: Readonly<Record<Place, MemoryStore>>;
  readonly logged: string[];
}

/** Surroundings in which a stage can be run by a test without folders or threads. */
export function memoryContext(): MemoryContext {
  const stores = {
    dataset: new MemoryStore('memory://dataset'),
    output: new MemoryStore('memory://output'),
    work: new MemoryStore('memory://work'),
    templates: new MemoryStore('memory://templates'),
  };
  const logged: string[] = [];
  const context: TaskContext = {
    store: (place) => stores[place],
    localPath: () => undefined,
    signal: new AbortController().signal,
    log: (level, message) => logged.push(`${level}: ${message}`),
    progress: () => undefined,
  };
  return { context, stores, logged };
}
