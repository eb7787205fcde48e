/** What /proc tells of a process in one moment. */
export interface ProcessStat {
  readonly parent: number;
  /** Seconds of a core that it has used so far, in all its threads. */
  readonly cpuSeconds: number;
  /** Seconds after the system's start. */
  readonly started: number;
}

/** Linux counts processor time for programs in hundredths of a second on every architecture (USER_HZ). */
const ticksPerSecond = 100;

/** Reads /proc/PID/stat. Undefined when it is not what it should be. The command in it may hold spaces and brackets. */
export function parseStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, user, system, started] = [fields[1], fields[11], fields[12], fields[19]].map(Number);
  if (![parent, user, system, started].every(Number.isFinite)) return undefined;
  return { parent, cpuSeconds: (user + system) / ticksPerSecond, started: started / ticksPerSecond };
}

/** Resident bytes by /proc/PID/status; 0 when it does not say (a process that has ended). */
export function parseResident(text: string): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/** Bytes that a process made disks read and write, by /proc/PID/io. */
export function parseIo(text: string): { readonly read: number; readonly written: number } {
  const value = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { read: value('read_bytes'), written: value('write_bytes') };
}

/** Interfaces whose traffic is none of the machine's own, or is counted by another one: loopback, bridges, containers. */
const notCounted = /^(lo|docker\d*|br-.+|veth.+|virbr\d*.*|cni\d*|flannel.*)$/;

/** Bytes received and sent by all interfaces, by /proc/net/dev. */
export function parseNetDev(text: string): { readonly received: number; readonly sent: number } {
  let received = 0;
  let sent = 0;
  for (const line of text.split('\n')) {
    const [, name, numbers] = /^\s*([^\s:]+):\s*(.+)$/.exec(line) ?? [];
    if (name === undefined || notCounted.test(name)) continue;
    const fields = numbers.trim().split(/\s+/).map(Number);
    received += fields[0] || 0;
    sent += fields[8] || 0;
  }
  return { received, sent };
}

/** Seconds since the system's start, by /proc/uptime. */
export function parseUptime(text: string): number {
  return Number.parseFloat(text) || 0;
}

/** A row of `ps -axo pid=,ppid=,rss=,time=`. */
export interface PsRow {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  /** Bytes. */
  readonly memory: number;
}

/** Reads what `ps -axo pid=,ppid=,rss=,time=` prints; times as `12:34.56`, `1:02:03` or `1-02:03:04`. */
export function parsePs(text: string): readonly PsRow[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(?:(\d+)-)?([\d:.]+)\s*$/.exec(line);
    if (match === null) return [];
    const seconds = match[5].split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    return [{ pid: Number(match[1]), parent: Number(match[2]), memory: Number(match[3]) * 1024, cpuSeconds: Number(match[4] ?? 0) * 86_400 + seconds }];
  });
}

/** The roots and every process below them. */
export function processTree(parents: ReadonlyMap<number, number>, roots: Iterable<number>): ReadonlySet<number> {
  const tree = new Set([...roots].filter((pid) => parents.has(pid)));
  const children = Map.groupBy(parents, ([, parent]) => parent);
  // A Set is iterated to what is added on the way.
  for (const pid of tree) for (const [child] of children.get(pid) ?? []) tree.add(child);
  return tree;
}
