import { destinationPrefix } from '../../protocol/storageChoice.ts';
import type { StorageChoice } from '../../protocol/storageChoice.ts';
import type { Flag } from '../flag.types.ts';
import type { Analysis } from './analyse.ts';
import { atlasesOf, valueMeaning } from './meanings.ts';

/** A value that may stand at the cursor, unquoted. */
export interface ValueOffer {
  readonly value: string;
  readonly detail?: string;
  /** What is taken when nothing is given. */
  readonly isDefault?: boolean;
  /** More is to be typed after it: no blank follows. */
  readonly unfinished?: boolean;
}

/** Data that may stand at the cursor and that only the runner knows. */
export interface DataRequest {
  readonly kind: 'dataset' | 'output' | 'image' | 'path' | 'participant' | 'stain' | 'column' | 'columnValue' | 'run';
  /** What is typed of it, unquoted. */
  readonly prefix: string;
  /** The dataset it is about. */
  readonly dataset?: string;
  readonly storage: StorageChoice;
  /** Of `columnValue`. */
  readonly column?: string;
  /** Values that are there already. */
  readonly taken: readonly string[];
  /** Of `path`: only folders. */
  readonly folders?: boolean;
}

/** What may be the value of a flag. */
export interface Offers {
  readonly values: readonly ValueOffer[];
  readonly requests: readonly DataRequest[];
}

const folders: readonly string[] = ['template_dir', 'work_dir', 'save'];
const stainFlags: readonly string[] = ['stain', 'sample_staining', 'ignore_stains', 'stains_for_reg', 'stains_for_seg', 'stains_for_vessels'];
const usualStains: Readonly<Record<string, readonly string[]>> = {
  stains_for_reg: ['PI', 'YOPRO', 'YoPro', 'AutoF'],
  stains_for_seg: ['Abeta', 'BetaAmyloid', 'AlphaSynuclein', 'Iba1', 'NeuN', 'Olig2', 'ChAT', 'VAChT'],
  stains_for_vessels: ['CD31', 'Lectin'],
};

/** What may be value number `index` of a flag, `taken` being those before it, in a command about `analysis`. */
export function offersFor(flag: Flag, index: number, prefix: string, taken: readonly string[], analysis: Analysis): Offers {
  const ask = (kind: DataRequest['kind'], more: Partial<DataRequest> = {}): DataRequest => ({
    kind, prefix, taken, storage: analysis.storage, ...(analysis.bids === undefined ? {} : { dataset: analysis.bids }), ...more,
  });
  const offer = (words: readonly string[], more: Partial<ValueOffer> = {}): readonly ValueOffer[] => words.map((value) => {
    const detail = valueMeaning(flag.name, flag.value, value);
    return { value, ...(detail === undefined ? {} : { detail }), ...(flag.default === value ? { isDefault: true } : {}), ...more };
  });
  const only = (values: readonly ValueOffer[]): Offers => ({ values: values.filter((each) => !taken.includes(each.value)), requests: [] });
  const kind = flag.value;
  switch (kind.kind) {
    case 'switch': return { values: [], requests: [] };
    case 'cores': return only(offer(['all', '1', '2', '4', '8', '16', '32']));
    case 'duration': return only(offer(['0', '10m', '1h', '24h', '3d', 'none']));
    case 'size': return only(offer(['4GB', '8GB', '16GB', '32GB', '64GB', '128GB']));
    case 'method': return only(offer(methods(prefix)));
    case 'orientation': return only(offer(prefix === '' ? ['RAS', 'LPI', 'RPI', 'LAS', 'ASL', 'PIR', 'SLA', 'IPR'] : orientations()));
    case 'position': return only(offer(['0.25', '0.5', '0.75', '3.2mm']));
    case 'label': return { values: [], requests: [ask('participant')] };
    case 'filter': return only(filters);
    case 'integer': case 'number': return only(offer(numbers(flag, index)));
    case 'text': break;
  }
  if (kind.choices !== undefined) return only(offer(kind.choices));
  if (stainFlags.includes(flag.name)) {
    return { values: only(offer(usualStains[flag.name] ?? [])).values, requests: [ask('stain')] };
  }
  // What holds for a way to a bucket holds for that of a transfer's destination.
  switch (flag.name.startsWith(destinationPrefix) ? flag.name.slice(destinationPrefix.length) : flag.name) {
    case 'atlas_segs': return only((atlasesOf[analysis.template ?? 'ABAv3'] ?? []).map((value) => ({ value, detail: `Atlas of ${analysis.template ?? 'ABAv3'}` })));
    case 'contrast_column': return { values: [], requests: [ask('column')] };
    case 'contrast_values': return { values: [], requests: [ask('columnValue', { column: analysis.contrastColumn })] };
    case 'config': return { values: [], requests: [ask('path')] };
    case 's3-region': return only(['us-east-1', 'us-east-2', 'us-west-2', 'ca-central-1', 'eu-central-1', 'eu-west-1', 'eu-west-2', 'ap-southeast-2'].map((value) => ({ value })));
    case 's3-endpoint': return only([{ value: 'http://127.0.0.1:9000', detail: 'A service on this machine' }, { value: 'https://', unfinished: true }]);
    case 'group-stats-label': return only([{ value: '1', isDefault: true }]);
    default: return folders.includes(flag.name) ? { values: [], requests: [ask('path', { folders: true })] } : { values: [], requests: [] };
  }
}

/** Methods that go on from what is typed; the usual ones when nothing is. */
function methods(prefix: string): readonly string[] {
  const usual = ['gmm+n3k1', 'gmm+n2k1', 'gmm+n3k2', 'gmm+n3k1p5', 'otsu+k2i1', 'otsu+k3i1', 'otsu+k3i2', 'otsu+k4i3', 'th500', 'th1000'];
  const otsu = /^otsu\+k([2-8])/.exec(prefix);
  const gmm = /^gmm\+n(10|[1-9])/.exec(prefix);
  const threshold = /^th(\d+)$/.exec(prefix);
  const own = otsu !== null ? Array.from({ length: Number(otsu[1]) - 1 }, (_, index) => `otsu+k${otsu[1]}i${index + 1}`)
    : gmm !== null ? ['1', '1p5', '2', '3'].map((sigmas) => `gmm+n${gmm[1]}k${sigmas}`)
    : threshold !== null ? [prefix] : [];
  return [...new Set([...own, ...usual])];
}

function orientations(): readonly string[] {
  const pairs = ['RL', 'AP', 'SI'];
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  return orders.flatMap((order) => [...pairs[order[0]]].flatMap((a) => [...pairs[order[1]]].flatMap((b) => [...pairs[order[2]]].map((c) => a + b + c))));
}

const filters: readonly ValueOffer[] = [
  { value: 'acquisition=', detail: 'Images with this acq-', unfinished: true }, { value: 'session=', detail: 'Images of this session', unfinished: true },
  { value: 'sample=', detail: 'Images of this sample', unfinished: true }, { value: 'extension=', detail: 'Images with this extension', unfinished: true },
  { value: 'run=', detail: 'Images with this run-', unfinished: true }, { value: 'session:none', detail: 'Images without a session' },
  { value: 'session:required', detail: 'Images of any session' }, { value: 'acquisition:match=', detail: 'Acquisitions that match a regular expression', unfinished: true },
];

function numbers(flag: Flag, index: number): readonly string[] {
  const usual = flag.default?.split(' ')[index];
  const number = usual !== undefined && /^\d+(\.\d+)?$/.test(usual) ? [usual] : [];
  if (flag.name === 'level' || flag.name.endsWith('_level')) return [...new Set([...number, '0', '1', '2', '3', '4', '5', '6'])];
  return number;
}

