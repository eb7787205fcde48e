import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';

/** What may be used here: the machine's own figures, or its container's where those are smaller. */
export interface Machine {
  /** At least 1. */
  readonly cores: number;
  /** Bytes. */
  readonly memoryBytes: number;
}

/** What {@link detectMachine} looks at; replaced in tests. */
export interface MachineSources {
  readonly cores: number;
  readonly memoryBytes: number;
  /** The text of a file below /proc or /sys, or undefined when it cannot be read. */
  readText(path: string): string | undefined;
}

const thisMachine = (): MachineSources => ({
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  readText: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
});

/**
 * Cores and memory that a run may use: `os.availableParallelism` and `os.totalmem`, lowered by the limits of control
 * groups v2 (`memory.max`, `cpu.max`) and v1 (`memory.limit_in_bytes`, `cpu.cfs_quota_us`), of this group and all above
 * it. Elsewhere than on Linux there are no such files and the machine's own figures stand.
 */
export function detectMachine(sources: MachineSources = thisMachine()): Machine {
  const limits = groupFolders(sources.readText('/proc/self/cgroup') ?? '').map((folder) => limitsOf(folder, sources));
  const cores = Math.min(sources.cores, ...limits.map((limit) => Math.max(1, Math.ceil(limit.cores))));
  return { cores: Math.max(1, cores), memoryBytes: Math.min(sources.memoryBytes, ...limits.map((limit) => limit.memoryBytes)) };
}

/** Folders of this process's control groups and of those above them. Inside a container the group may be mounted at the root. */
function groupFolders(text: string): string[] {
  const folders = new Set<string>();
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const roots = controllers === '' ? ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'] : controllers.split(',').map((name) => `/sys/fs/cgroup/${name}`);
    for (const root of roots) {
      const parts = path.split('/').filter((part) => part !== '' && part !== '..');
      for (let depth = parts.length; depth >= 0; depth--) folders.add(join(root, ...parts.slice(0, depth)));
    }
  }
  return [...folders];
}

function limitsOf(folder: string, sources: MachineSources): Machine {
  const number = (file: string): number => {
    const value = Number.parseInt(sources.readText(join(folder, file)) ?? '', 10);
    return value > 0 ? value : Infinity;
  };
  const [quota, period] = (sources.readText(join(folder, 'cpu.max')) ?? '').trim().split(/\s+/).map(Number);
  const cores = quota > 0 && period > 0 ? quota / period : number('cpu.cfs_quota_us') / (Number.isFinite(number('cpu.cfs_period_us')) ? number('cpu.cfs_period_us') : 100_000);
  return { cores, memoryBytes: Math.min(number('memory.max'), number('memory.limit_in_bytes')) };
}

/** The memory a run takes when the user does not say: three quarters of what there is. */
export function defaultMemoryBudget(machine: Machine): number {
  return Math.floor(machine.memoryBytes * 0.75);
}
