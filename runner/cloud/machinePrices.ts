import { readFileSync } from 'node:fs';
import type { MachinePrice } from '../protocol/cloud.ts';
import { SpimquantError } from '../protocol/errors.ts';

/** Prices of machine families: a size costs in proportion to its virtual CPUs, as the provider's list does. */
interface Family {
  /** US dollars an hour and virtual CPU, on demand, Linux. */
  readonly perCpu: number;
  /** GiB of memory a virtual CPU. */
  readonly gibPerCpu: number;
  /** Where they are not those of the whole table: when this was seen, and where. */
  readonly asOf?: string;
  readonly source?: string;
}

/** A table of what machines cost, and the day it was made. */
export interface MachinePrices {
  readonly asOf: string;
  readonly source: string;
  /** By region, then by machine type or family (`m6i`). */
  readonly regions: Readonly<Record<string, Readonly<Record<string, Family>>>>;
}

const ofUnitedStates: Readonly<Record<string, Family>> = {
  m5: { perCpu: 0.048, gibPerCpu: 4 }, m6i: { perCpu: 0.048, gibPerCpu: 4 }, m7g: { perCpu: 0.0408, gibPerCpu: 4 },
  r5: { perCpu: 0.063, gibPerCpu: 8 }, r6i: { perCpu: 0.063, gibPerCpu: 8 }, c6i: { perCpu: 0.0425, gibPerCpu: 2 },
};

/** Of regions whose `m6i` was seen in another list: US dollars an hour and virtual CPU. Other families were not looked up there. */
const ofOtherRegions: Readonly<Record<string, number>> = {
  'us-west-1': 0.056, 'ca-central-1': 0.0535, 'eu-west-1': 0.0535, 'eu-west-2': 0.0555, 'eu-west-3': 0.056, 'eu-central-1': 0.0575, 'eu-north-1': 0.051, 'eu-south-1': 0.056,
  'ap-northeast-1': 0.062, 'ap-northeast-2': 0.059, 'ap-northeast-3': 0.062, 'ap-south-1': 0.0505, 'ap-southeast-1': 0.06, 'ap-southeast-2': 0.06, 'ap-east-1': 0.066, 'af-south-1': 0.0635,
  'me-central-1': 0.05885, 'me-south-1': 0.066,
};
const otherList = { asOf: 'seen in 2026-11', source: "EC2 on-demand list prices for Linux, by SkyPilot's public catalogue (version 8)" };

/**
 * List prices of EC2 for those regions whose prices are known with a date. The prices of one region are never taken for
 * another's: elsewhere `--cloud_price` or a table of one's own tells them. SPIMQUANT_MACHINE_PRICES names a file that takes the table's place.
 */
export const listMachinePrices: MachinePrices = {
  asOf: '2026-08', source: 'EC2 on-demand list prices for Linux',
  regions: {
    'us-east-1': ofUnitedStates, 'us-east-2': ofUnitedStates, 'us-west-2': ofUnitedStates,
    ...Object.fromEntries(Object.entries(ofOtherRegions).map(([region, perCpu]) => [region, { m6i: { perCpu, gibPerCpu: 4, ...otherList } }])),
  },
};

/** The prices that hold: those of the file that SPIMQUANT_MACHINE_PRICES names, else the built-in ones. Throws `bad-option` for a file that is none. */
export function machinePricesFor(env: Readonly<Record<string, string | undefined>>): MachinePrices {
  const path = env.SPIMQUANT_MACHINE_PRICES;
  if (path === undefined || path === '') return listMachinePrices;
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new SpimquantError('bad-option', `The table of machine prices cannot be read: ${path}`, { where: path, hint: 'SPIMQUANT_MACHINE_PRICES names it: a JSON file as in docs/cost.md.', cause });
  }
  if (isTable(raw)) return raw;
  throw new SpimquantError('bad-option', `This is no table of machine prices: ${path}`, {
    where: path, hint: 'It is {"asOf": "2026-11", "source": "…", "regions": {"eu-central-1": {"m6i": {"perCpu": 0.0575, "gibPerCpu": 4}}}}: US dollars an hour and CPU.',
  });
}

function isTable(raw: unknown): raw is MachinePrices {
  const table = raw as Partial<MachinePrices> | null;
  return typeof table === 'object' && table !== null && typeof table.asOf === 'string' && typeof table.source === 'string'
    && typeof table.regions === 'object' && Object.values(table.regions).every((region) => Object.values(region).every((family) =>
      typeof (family as Partial<Family> | null)?.perCpu === 'number' && family.perCpu >= 0 && typeof (family as Partial<Family>).gibPerCpu === 'number' && family.gibPerCpu > 0));
}

/** Virtual CPUs of the sizes of EC2 and of names that end in their number; undefined: the name does not say. */
export function cpusOf(type: string): number | undefined {
  const size = /\.(\d*)(xlarge|large|medium)$/.exec(type);
  if (size !== null) return size[2] === 'xlarge' ? 4 * Number(size[1] || '1') : size[2] === 'large' ? 2 : 1;
  const [, trailing] = /^(?:e2|n1|n2|n2d|c2|c3|c4|n4)-(?:standard|highmem|highcpu)-(\d+)$/.exec(type) ?? /^Standard_[A-Z]+(\d+)[a-z]*(?:_v\d+)?$/.exec(type) ?? [];
  return trailing === undefined ? undefined : Number(trailing);
}

/** What an hour of a machine costs in a region; undefined: not known. */
export function machinePrice(prices: MachinePrices, region: string | undefined, type: string): MachinePrice | undefined {
  if (region === undefined || !Object.hasOwn(prices.regions, region)) return undefined;
  const families = prices.regions[region];
  const vcpus = cpusOf(type);
  const name = [type, type.split('.')[0]].find((each) => Object.hasOwn(families, each));
  if (name === undefined || vcpus === undefined) return undefined;
  const { perCpu, gibPerCpu, asOf = prices.asOf, source = prices.source } = families[name];
  return { type, vcpus, memoryBytes: gibPerCpu * vcpus * 2 ** 30, region, dollarsPerHour: perCpu * vcpus, asOf, source };
}
