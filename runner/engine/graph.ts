import type { Artifact, Task } from '../pipeline/task.ts';

/** `place:path`: the identity of an artifact within a run. */
export function artifactKey(artifact: Artifact): string {
  return `${artifact.place}:${artifact.path}`;
}

/** Who makes and who needs what, and an order in which everything is made before it is needed. */
export interface TaskGraph {
  /** Every task after all that make its inputs; otherwise in the order of the plan. */
  readonly order: readonly Task[];
  readonly byId: ReadonlyMap<string, Task>;
  /** By {@link artifactKey}. Absent: a given input. */
  readonly producerOf: ReadonlyMap<string, Task>;
  /** By {@link artifactKey}. */
  readonly consumersOf: ReadonlyMap<string, readonly Task[]>;
  /** Ids of the tasks that make a task's inputs, without repetition. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** Ids of the tasks that need a task's outputs, without repetition. */
  readonly neededBy: ReadonlyMap<string, readonly string[]>;
}

/**
 * Links tasks by their artifacts. Throws a plain Error (a defect of the plan, not of the user) when two tasks have one
 * id or one output, or when tasks wait for each other in a circle.
 */
export function buildGraph(tasks: readonly Task[]): TaskGraph {
  const byId = new Map<string, Task>();
  const producerOf = new Map<string, Task>();
  for (const task of tasks) {
    if (byId.has(task.id)) throw new Error(`The plan has two tasks called ${task.id}.`);
    byId.set(task.id, task);
    for (const output of task.outputs) {
      const other = producerOf.get(artifactKey(output));
      if (other !== undefined) throw new Error(`Two tasks of the plan make ${artifactKey(output)}: ${other.id} and ${task.id}.`);
      producerOf.set(artifactKey(output), task);
    }
  }
  const consumersOf = new Map<string, Task[]>();
  const needs = new Map<string, string[]>();
  const neededBy = new Map<string, string[]>(tasks.map((task) => [task.id, []]));
  for (const task of tasks) {
    const producers = new Set<string>();
    for (const input of task.inputs) {
      const key = artifactKey(input);
      const known = consumersOf.get(key);
      if (known === undefined) consumersOf.set(key, [task]);
      else if (!known.includes(task)) known.push(task);
      const producer = producerOf.get(key);
      if (producer !== undefined) producers.add(producer.id);
    }
    needs.set(task.id, [...producers]);
    for (const id of producers) neededBy.get(id)?.push(task.id);
  }
  return { order: sortTasks(tasks, byId, needs), byId, producerOf, consumersOf, needs, neededBy };
}

function sortTasks(tasks: readonly Task[], byId: ReadonlyMap<string, Task>, needs: ReadonlyMap<string, readonly string[]>): Task[] {
  const order: Task[] = [];
  const state = new Map<string, 'open' | 'done'>();
  // An explicit stack: chains of thousands of tasks must not overflow the call stack.
  for (const root of tasks) {
    const stack: { readonly id: string; next: number }[] = [{ id: root.id, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next === 0) {
        if (state.get(top.id) === 'done') {
          stack.pop();
          continue;
        }
        state.set(top.id, 'open');
      }
      const producers = needs.get(top.id) ?? [];
      if (top.next < producers.length) {
        const id = producers[top.next++];
        if (state.get(id) === 'open') {
          const circle = stack.slice(stack.findIndex((entry) => entry.id === id)).map((entry) => entry.id);
          throw new Error(`Tasks of the plan wait for each other in a circle: ${[...circle, id].join(' <- ')}.`);
        }
        if (state.get(id) !== 'done') stack.push({ id, next: 0 });
      } else {
        state.set(top.id, 'done');
        order.push(byId.get(top.id) as Task);
        stack.pop();
      }
    }
  }
  return order;
}

/**
 * Length of the longest chain of tasks that starts with each task: what is long is started early.
 */
export function chainLengths(graph: TaskGraph): ReadonlyMap<string, number> {
  const lengths = new Map<string, number>();
  for (const task of graph.order.toReversed()) {
    const after = (graph.neededBy.get(task.id) ?? []).map((id) => lengths.get(id) ?? 0);
    lengths.set(task.id, 1 + Math.max(0, ...after));
  }
  return lengths;
}
