import { readFileSync } from 'node:fs';
import { SpimquantError } from '../protocol/errors.ts';

/** What moving data out of one provider costs, in US dollars a gigabyte (10^9 bytes). */
export interface ProviderPrices {
  /** To the internet, the first 10 TB of a month. */
  readonly toInternet: number;
  /** Others by region, where it differs much; the longest beginning of the region's name counts. */
  readonly toInternetByRegion?: Readonly<Record<string, number>>;
  /** Page on which the provider publishes them. */
  readonly source?: string;
  /** Prices that were read on a page when the table was made, by `toInternet` or the region, with that page. Others were not confirmed. */
  readonly confirmed?: Readonly<Record<string, string>>;
}

/** A table of list prices and the day it was made. */
export interface Prices {
  /** `2026-11`. */
  readonly asOf: string;
  readonly providers: Readonly<Record<string, ProviderPrices>>;
}

/**
 * List prices, as the providers publish them: at AWS under "Data transfer", at Google under "General network usage", at
 * Azure under "Internet egress". Free allowances and contracts are not taken into account. SPIMQUANT_PRICES names a file
 * that takes the table's place.
 */
export const listPrices: Prices = {
  asOf: '2026-11',
  providers: {
    aws: {
      source: 'https://aws.amazon.com/s3/pricing/',
      confirmed: { 'ap-southeast-2': 'https://chengqing.dev/en/2020/01/23/aws-data-transfer/' },
      toInternet: 0.09,
      toInternetByRegion: { 'ap-northeast': 0.114, 'ap-southeast-1': 0.12, 'ap-southeast-2': 0.114, 'ap-south': 0.1093, 'sa-': 0.15, 'af-': 0.154, 'me-': 0.117 },
    },
    google: { toInternet: 0.12, source: 'https://cloud.google.com/storage/pricing', confirmed: { toInternet: 'https://cloud.google.com/storage/pricing-examples' } },
    azure: { toInternet: 0.087, source: 'https://azure.microsoft.com/pricing/details/bandwidth/', confirmed: { toInternet: 'https://www.cloudlaya.com/blog/google-cloud-storage-vs-azure-blob-storage' } },
  },
};

/** The prices that hold: those of the file that SPIMQUANT_PRICES names, else the built-in ones. Throws `bad-option` for a file that is none. */
export function pricesFor(env: Readonly<Record<string, string | undefined>>): Prices {
  const path = env.SPIMQUANT_PRICES;
  if (path === undefined || path === '') return listPrices;
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new SpimquantError('bad-option', `The table of prices cannot be read: ${path}`, { where: path, hint: 'SPIMQUANT_PRICES names it: a JSON file as in docs/transfers.md.', cause });
  }
  if (isPrices(raw)) return raw;
  throw new SpimquantError('bad-option', `This is no table of prices: ${path}`, { where: path, hint: 'It is {"asOf": "2026-11", "providers": {"aws": {"toInternet": 0.09}}}: US dollars a gigabyte.' });
}

function isPrices(raw: unknown): raw is Prices {
  const table = raw as Partial<Prices> | null;
  return typeof table === 'object' && table !== null && typeof table.asOf === 'string' && typeof table.providers === 'object'
    && Object.values(table.providers).every((each) => typeof (each as Partial<ProviderPrices> | null)?.toInternet === 'number');
}

/** Dollars a gigabyte that leaves a region for the internet; undefined: not known. */
export function pricePerGigabyte(prices: Prices, provider: string, region: string | undefined): number | undefined {
  const table = Object.hasOwn(prices.providers, provider) ? prices.providers[provider] : undefined;
  const fitting = Object.entries(table?.toInternetByRegion ?? {}).filter(([beginning]) => region?.startsWith(beginning) === true).sort(([a], [b]) => b.length - a.length);
  return fitting[0]?.[1] ?? table?.toInternet;
}
