import type { StoreRegion } from '../storage/objectStore.ts';
import { formatDollars } from '../wording/cloud.ts';
import { formatBytes } from '../wording/words.ts';
import { pricePerGigabyte } from './prices.ts';
import type { Prices } from './prices.ts';

const names: Readonly<Partial<Record<StoreRegion['provider'], string>>> = { aws: 'AWS', google: 'Google Cloud', azure: 'Azure' };

/** What a transfer may cost, as far as it can be told. */
export interface CostNote {
  /** Sentences. */
  readonly text: string;
  /** US dollars; undefined: nothing is known. */
  readonly dollars?: number;
}

/**
 * What it costs that data leave where they are, with the assumption that it is told by; undefined: nothing leaves a
 * provider whose prices are known. Data pass through this machine: whether that is inside the region cannot be seen from
 * here. Pure.
 */
export function costNote(source: StoreRegion, destination: StoreRegion, bytes: number, requesterPays: boolean, prices: Prices): CostNote | undefined {
  const provider = names[source.provider];
  if (provider === undefined || bytes === 0) return undefined;
  const place = source.name === undefined ? `the region of the bucket at ${provider}` : `${provider} ${source.name}`;
  const sameRegion = source.provider === destination.provider && source.name !== undefined && source.name === destination.name;
  const price = pricePerGigabyte(prices, source.provider, source.name);
  const dollars = price === undefined ? undefined : (price * bytes) / 1e9;
  const amount = price === undefined || dollars === undefined ? 'What that costs is not known here' : `${formatDollars(dollars)} at ${price.toFixed(price < 0.1 ? 3 : 2).replace(/0$/, '')} dollars/GB, the list price of ${prices.asOf} for traffic to the internet`;
  const passes = sameRegion ? ', although source and destination are both there, because they pass through this machine' : '';
  const payer = requesterPays ? ' Requests and traffic are billed to you, not to the owner of the bucket.' : '';
  const text = `${formatBytes(bytes)} leave ${place}${passes}: ${dollars === undefined ? amount : `about ${amount}`}. If this machine is in that region, traffic to it is free; free allowances and your contract may change it too.${payer}`;
  return { text, ...(dollars === undefined ? {} : { dollars }) };
}
