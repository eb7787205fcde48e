import type { MachineUse, ResourceSample } from '../../runner/protocol/resources.ts';

/** What the Resources view is told. */
export type ToResourcesPage =
  /** Why there is nothing to show. */
  | { readonly type: 'empty'; readonly text: string }
  /** Oldest first; replaces what was shown. */
  | { readonly type: 'history'; readonly samples: readonly ResourceSample[]; readonly intervalMs: number }
  | { readonly type: 'sample'; readonly sample: ResourceSample }
  /** Machines that are at work for cloud runs; replaces what was shown. */
  | { readonly type: 'machines'; readonly machines: readonly MachineUse[] };

/** Checks a message to the page. */
export function readToResourcesPage(message: unknown): ToResourcesPage | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message)) return undefined;
  if (message.type === 'empty' && 'text' in message && typeof message.text === 'string') return { type: 'empty', text: message.text };
  if (message.type === 'history' && 'samples' in message && Array.isArray(message.samples) && 'intervalMs' in message && typeof message.intervalMs === 'number') {
    return { type: 'history', samples: message.samples.filter(isSample), intervalMs: message.intervalMs };
  }
  if (message.type === 'sample' && 'sample' in message && isSample(message.sample)) return { type: 'sample', sample: message.sample };
  if (message.type === 'machines' && 'machines' in message && Array.isArray(message.machines)) return { type: 'machines', machines: message.machines.filter(isMachine) };
  return undefined;
}

const numbers = ['time', 'cpu', 'cores', 'memory', 'memoryLimit', 'diskRead', 'diskWrite', 'networkIn', 'networkOut'] as const;

function isSample(value: unknown): value is ResourceSample {
  return typeof value === 'object' && value !== null && numbers.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'number');
}

function isMachine(value: unknown): value is MachineUse {
  return isSample(value) && ['host', 'participant', 'run'].every((name) => typeof (value as unknown as Readonly<Record<string, unknown>>)[name] === 'string');
}
