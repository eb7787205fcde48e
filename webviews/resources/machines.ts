import type { MachineUse } from '../../runner/protocol/resources.ts';
import { count, formatBytes, formatScope } from '../../runner/wording/words.ts';

/** Machines that are named one by one. */
const mostRows = 50;

/** A machine in words. */
export interface MachineRow {
  /** `sub-01 on ip-10-0-1-5 (instance 77)`. */
  readonly title: string;
  readonly words: string;
}

/** `2 cloud machines: 9.1 of 16 cores, 8.1 GB of 64 GB`. */
export function machinesTitle(machines: readonly MachineUse[]): string {
  const sum = (value: (machine: MachineUse) => number): number => machines.reduce((all, machine) => all + value(machine), 0);
  return `${count(machines.length, 'cloud machine')}: ${sum(({ cpu }) => cpu).toFixed(1)} of ${sum(({ cores }) => cores)} cores, ${formatBytes(sum(({ memory }) => memory))} of ${formatBytes(sum(({ memoryLimit }) => memoryLimit))}`;
}

/** A row for each machine, as far as there is room; the last one says how many more there are. */
export function machineRows(machines: readonly MachineUse[]): readonly MachineRow[] {
  const rows = machines.slice(0, mostRows).map(({ host, participant, cpu, cores, memory, memoryLimit, diskRead, diskWrite, networkIn, networkOut }): MachineRow => ({
    title: `${formatScope(participant)} on ${host}`,
    words: `${cpu.toFixed(1)} of ${cores} ${cores === 1 ? 'core' : 'cores'}, ${formatBytes(memory)} of ${formatBytes(memoryLimit)}, disk ${formatBytes(diskRead + diskWrite)}/s, network ${formatBytes(networkIn)}/s in, ${formatBytes(networkOut)}/s out`,
  }));
  return machines.length > mostRows ? [...rows, { title: `and ${machines.length - mostRows} more`, words: 'The panels of their runs show them.' }] : rows;
}
