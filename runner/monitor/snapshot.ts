import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { parseIo, parseNetDev, parsePs, parseResident, parseStat, parseUptime, processTree } from './procText.ts';
import type { ProcessStat } from './procText.ts';

/** What one process has used so far. */
export interface ProcessUse {
  readonly cpuSeconds: number;
  /** Resident bytes. */
  readonly memory: number;
  /** Bytes from and to disks. */
  readonly read: number;
  readonly written: number;
  /** Seconds after the system's start; undefined where the system does not say. Tells a process from a later one of the same id. */
  readonly started?: number;
}

/** Everything that is counted, at one moment. */
export interface Snapshot {
  readonly processes: ReadonlyMap<number, ProcessUse>;
  /** Bytes received and sent by the machine since its start. */
  readonly networkIn: number;
  readonly networkOut: number;
  /** Seconds since the system's start; 0 where it does not say. */
  readonly uptime: number;
}

/** Takes a snapshot of these processes and all below them. */
export type TakeSnapshot = (roots: readonly number[]) => Promise<Snapshot>;

/** What {@link linuxSnapshots} looks at; replaced in tests. */
export interface ProcFiles {
  /** Text of a file, or undefined when it cannot be read. */
  readText(path: string): string | undefined;
  /** Ids of all processes. */
  pids(): readonly number[];
}

const realProc: ProcFiles = {
  readText: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  pids: () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number),
};

/** Snapshots after which processes that were none of ours are looked at again: an id may be used anew. */
const lookAgainAfter = 10;

/**
 * Snapshots by /proc. Of processes that belong to others only the parent is read, once in a while: on machines with
 * thousands of processes the rest would be felt.
 */
export function linuxSnapshots(files: ProcFiles = realProc): TakeSnapshot {
  let others = new Map<number, number>();
  let lastRoots = '';
  let taken = 0;
  return async (roots) => {
    if (roots.join() !== lastRoots || taken % lookAgainAfter === 0) others = new Map();
    lastRoots = roots.join();
    taken += 1;
    const stats = new Map<number, ProcessStat>();
    const parents = new Map<number, number>();
    for (const pid of files.pids()) {
      const known = others.get(pid);
      const stat = known === undefined ? parseStat(files.readText(`/proc/${pid}/stat`) ?? '') : undefined;
      if (stat !== undefined) stats.set(pid, stat);
      const parent = known ?? stat?.parent;
      if (parent !== undefined) parents.set(pid, parent);
    }
    const tree = processTree(parents, roots);
    others = new Map([...parents].filter(([pid]) => !tree.has(pid)));
    const processes = new Map<number, ProcessUse>();
    for (const pid of tree) {
      const stat = stats.get(pid);
      if (stat === undefined) continue;
      const memory = parseResident(files.readText(`/proc/${pid}/status`) ?? '');
      processes.set(pid, { cpuSeconds: stat.cpuSeconds, started: stat.started, memory, ...parseIo(files.readText(`/proc/${pid}/io`) ?? '') });
    }
    const { received, sent } = parseNetDev(files.readText('/proc/net/dev') ?? '');
    return { processes, networkIn: received, networkOut: sent, uptime: parseUptime(files.readText('/proc/uptime') ?? '') };
  };
}

/** Snapshots by `ps`, for macOS: processor time and memory. */
export function psSnapshots(): TakeSnapshot {
  const run = promisify(execFile);
  return async (roots) => {
    const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,rss=,time='], { maxBuffer: 16 << 20 });
    const rows = parsePs(stdout);
    const tree = processTree(new Map(rows.map(({ pid, parent }) => [pid, parent])), roots);
    return {
      processes: new Map(rows.filter(({ pid }) => tree.has(pid)).map(({ pid, cpuSeconds, memory }) => [pid, { cpuSeconds, memory, read: 0, written: 0 }])),
      networkIn: 0, networkOut: 0, uptime: 0,
    };
  };
}

/** Snapshots of this process alone, where the system has no simple way to ask of others. */
export function ownSnapshots(): TakeSnapshot {
  return async () => {
    const { user, system } = process.cpuUsage();
    return {
      processes: new Map([[process.pid, { cpuSeconds: (user + system) / 1e6, memory: process.memoryUsage.rss(), read: 0, written: 0 }]]),
      networkIn: 0, networkOut: 0, uptime: 0,
    };
  };
}

/** The way of this machine. */
export function systemSnapshots(platform: NodeJS.Platform = process.platform): TakeSnapshot {
  if (platform === 'linux') return linuxSnapshots();
  return platform === 'win32' ? ownSnapshots() : psSnapshots();
}
