import type { CloudDigest, CloudJob, CostEstimate, CostSoFar } from '../protocol/cloud.ts';
import { count, formatSeconds } from './words.ts';

/** `$0.12`, `$1,234`. */
export function formatDollars(dollars: number): string {
  if (dollars > 0 && dollars < 0.01) return 'less than $0.01';
  return dollars < 100 ? `$${dollars.toFixed(2)}` : `$${Math.round(dollars).toLocaleString('en')}`;
}

/** `about $3.20 ($1.10 to $9.00)`; without a price of the machines their hours. */
export function estimateWords(estimate: Pick<CostEstimate, 'low' | 'likely' | 'high'> & Partial<Pick<CostEstimate, 'machine' | 'machineHours'>>): string {
  if (estimate.machineHours !== undefined && estimate.machine === undefined) {
    return `about ${count(Math.ceil(estimate.machineHours.likely), 'hour')} of machines, whose price is not known`;
  }
  return `about ${formatDollars(estimate.likely)} (${formatDollars(estimate.low)} to ${formatDollars(estimate.high)})`;
}

/** `$1.23, as Coiled told 2 min 10 s ago`. */
export function spentWords(spent: CostSoFar, now: number, over: boolean): string {
  const by = spent.by === 'coiled' ? 'as Coiled tells' : 'by hours and list price';
  return `${formatDollars(spent.dollars)}, ${by}${over ? '' : `, ${formatSeconds(Math.max(0, now - spent.asOf) / 1000)} ago`}`;
}

/** What has become of a job. */
export function jobWords({ name, participants, state, standing, jobId, clusterId, page }: CloudJob): string {
  const which = `${name} (${count(participants, 'participant')}${jobId === undefined ? '' : `, job ${jobId}`}${clusterId === undefined ? '' : `, cluster ${clusterId}`})`;
  const more = standing === undefined || standing === '' ? '' : `: ${standing}`;
  switch (state) {
    case 'intended': return `asks Coiled for ${which}${more}`;
    case 'submitted': return `Coiled has ${which}${more}${page === undefined ? '' : `, ${page}`}`;
    case 'gone': return `the machines of ${name} are gone${more}`;
    case 'left': return `it could not be verified that the machines of ${name} are gone${more}`;
  }
}

/** The warning about machines that may be left; undefined: none are. */
export function leftWords({ left, page }: Pick<CloudDigest, 'left' | 'page'>): string | undefined {
  if (left.length === 0) return undefined;
  const which = left.length === 1 ? left[0] : `${left.length} clusters (${left.slice(0, 2).join(', ')}, …)`;
  return `Machines of ${which} may still be there, and cost. Run the same command again, or stop them at Coiled${page === undefined ? '' : `: ${page}`}.`;
}
