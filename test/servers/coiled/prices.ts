/** Types of VMs that the stand-in has: memory in MiB, US dollars an hour on demand. */
export interface VmType {
  readonly name: string;
  readonly backend: string;
  readonly cores: number;
  readonly memory: number;
  readonly arch: 'x86_64' | 'arm64';
  readonly price: number;
}

const aws = (name: string, cores: number, memory: number, price: number, arch: VmType['arch'] = 'x86_64'): VmType => ({ name, backend: 'vm_aws', cores, memory: memory * 1024, arch, price });
const gcp = (name: string, cores: number, memory: number, price: number): VmType => ({ name, backend: 'vm_gcp', cores, memory: memory * 1024, arch: 'x86_64', price });

export const vmTypes: readonly VmType[] = [
  aws('m6i.xlarge', 4, 16, 0.192), aws('m5.xlarge', 4, 16, 0.192), aws('m6i.2xlarge', 8, 32, 0.384), aws('m6i.4xlarge', 16, 64, 0.768), aws('r6i.xlarge', 4, 32, 0.252),
  aws('r6i.2xlarge', 8, 64, 0.504), aws('r6i.4xlarge', 16, 128, 1.008), aws('m7g.xlarge', 4, 16, 0.1632, 'arm64'), aws('m7g.2xlarge', 8, 32, 0.3264, 'arm64'),
  gcp('e2-standard-4', 4, 16, 0.134), gcp('e2-standard-8', 8, 32, 0.268), gcp('e2-highmem-8', 8, 64, 0.361),
];

/** US dollars an hour; spot VMs cost 0.4 of it. */
export function priceOf(type: string, spot: boolean): number {
  return (vmTypes.find(({ name }) => name === type)?.price ?? 0.2) * (spot ? 0.4 : 1);
}

/** Credits an hour: one for a core. */
export function creditsOf(type: string): number {
  return vmTypes.find(({ name }) => name === type)?.cores ?? 4;
}
