import { cpusOf, machinePrice } from '../../cloud/machinePrices.ts';
import type { MachinePrices } from '../../cloud/machinePrices.ts';
import type { MachineChoice } from '../../cloud/estimate.ts';
import type { CoiledClient, CloudProvider } from '../../coiled/client.types.ts';
import type { CloudOptions } from '../../protocol/cloud.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { StoreRegion } from '../../storage/objectStore.ts';

/** What is taken where nothing is said: eight CPUs and 32 GB, which suit one participant. */
const usualTypes: Readonly<Record<CloudProvider, readonly string[]>> = {
  aws: ['m6i.2xlarge', 'm5.2xlarge'], gcp: ['e2-standard-8'], azure: ['Standard_D8_v5'], other: [],
};

/** The machines of a run. */
export interface Machines extends MachineChoice {
  /** The first that can be had is taken. */
  readonly types: readonly string[];
  /** Undefined: where the workspace has its machines. */
  readonly region: string | undefined;
}

/** Where the machines are to be: where the data are, unless said otherwise. */
export function regionFor({ region }: Pick<CloudOptions, 'region'>, data: StoreRegion, provider: CloudProvider | undefined): string | undefined {
  if (region !== 'auto') return region;
  const same = provider === undefined || { aws: 'aws', gcp: 'google', azure: 'azure', other: 'other' }[provider] === data.provider;
  return same && data.provider !== 'local' && data.provider !== 'other' ? data.name : undefined;
}

/** The machines without asking Coiled: by their names, or the usual ones of the data's provider. */
export function machinesByName(options: CloudOptions, provider: CloudProvider, region: string | undefined, prices: MachinePrices): Machines {
  const types = options.vmTypes.length > 0 ? options.vmTypes : usualTypes[provider];
  const type = types.at(0) ?? 'a machine';
  const vcpus = options.vmTypes.length > 0 ? cpusOf(type) ?? 8 : options.cpu ?? cpusOf(type) ?? 8;
  return withPrice({ types, type, vcpus, region }, options, prices);
}

/**
 * The machines, those that are described by CPUs and memory looked up at Coiled: the smallest that are large enough. Throws
 * `bad-option` when there are none.
 */
export async function chooseMachines(client: CoiledClient, provider: CloudProvider, options: CloudOptions, region: string | undefined, prices: MachinePrices, signal: AbortSignal): Promise<Machines> {
  if (options.vmTypes.length > 0 || (options.cpu === undefined && options.memoryBytes === undefined)) {
    const found = machinesByName(options, provider, region, prices);
    if (found.types.length > 0) return found;
    throw new SpimquantError('bad-option', 'Coiled runs machines in a cloud that is not known here.', { hint: 'Name the type of machines with --cloud_vm_type.' });
  }
  const memoryMiB = options.memoryBytes === undefined ? undefined : Math.round(options.memoryBytes / 2 ** 20);
  // Sizes are told in round numbers: 32 GB means machines of 32 GiB as well.
  const types = (await client.instanceTypes({
    provider, architecture: 'x86_64', ...(options.cpu === undefined ? {} : { cores: { atLeast: options.cpu, atMost: 2 * options.cpu } }),
    ...(memoryMiB === undefined ? {} : { memoryMiB: { atLeast: Math.floor(memoryMiB * 0.93), atMost: Math.ceil(memoryMiB * 2.2) } }),
  }, signal)).filter(({ gpus }) => gpus === 0);
  const [first] = types;
  if (first === undefined) throw new SpimquantError('bad-option', `There are no machines ${options.cpu === undefined ? '' : `with ${options.cpu} CPUs `}${memoryMiB === undefined ? '' : `with ${Math.round(memoryMiB / 1024)} GiB of memory`}.`, { hint: 'Ask for less, or name the type of machines with --cloud_vm_type.' });
  const alike = types.filter(({ cores, memoryMiB: memory }) => cores === first.cores && memory === first.memoryMiB).slice(0, 5).map(({ name }) => name);
  return withPrice({ types: alike, type: first.name, vcpus: first.cores, region }, options, prices);
}

function withPrice(machines: Omit<Machines, 'price'>, options: CloudOptions, prices: MachinePrices): Machines {
  const { type, vcpus, region } = machines;
  if (options.dollarsPerHour !== undefined) {
    return { ...machines, price: { type, vcpus, memoryBytes: 0, region: region ?? '', dollarsPerHour: options.dollarsPerHour, asOf: 'today', source: 'as given by --cloud_price' } };
  }
  return { ...machines, price: machinePrice(prices, region, type) };
}
