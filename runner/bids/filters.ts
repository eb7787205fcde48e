import type { EntityFilter } from '../protocol/options.ts';
import type { BidsName } from './bids.types.ts';

/** Extensions of images that are read without being asked for, best first. */
export const defaultExtensions = ['ome.zarr', 'ozx', 'ome.zarr.zip'] as const;

/** A test of one property of a name; undefined: it passes, else why it does not, in words for the user. */
export interface NameFilter {
  readonly entity: string;
  reject(name: BidsName): string | undefined;
}

/**
 * The filters of the lightsheet component: suffix SPIM, an OME-Zarr extension, and sample `brain` where a sample is named
 * at all; each replaced by a filter of the user for the same entity, as upstream does (pipeline-spec §1, §2).
 */
export function componentFilters(filters: readonly EntityFilter[]): readonly NameFilter[] {
  const byEntity = new Map<string, NameFilter>([
    ['suffix', { entity: 'suffix', reject: (name) => (name.suffix === 'SPIM' ? undefined : `its suffix is ${name.suffix}, not SPIM`) }],
    ['extension', { entity: 'extension', reject: rejectExtension }],
    ['sample', {
      entity: 'sample',
      reject: ({ entities: { sample } }) => (sample === undefined || sample === 'brain' ? undefined
        : `its sample is ${sample}, not brain (choose it with --filter-spim sample=${sample})`),
    }],
  ]);
  for (const filter of filters) {
    if (filter.method === 'optional') byEntity.delete(filter.entity);
    else byEntity.set(filter.entity, userFilter(filter));
  }
  return [...byEntity.values()];
}

function rejectExtension(name: BidsName): string | undefined {
  if ((defaultExtensions as readonly string[]).includes(name.extension)) return undefined;
  if (name.extension === 'ims') return 'Imaris files have to be converted to OME-Zarr first (SPIMprep does this)';
  return `.${name.extension} is not an OME-Zarr image (.ome.zarr, .ome.zarr.zip or .ozx)`;
}

function userFilter(filter: EntityFilter): NameFilter {
  const { entity, method, value = '' } = filter;
  const shown = `--filter-spim ${entity}${method === 'equals' ? `=${value}` : `:${method}${filter.value === undefined ? '' : `=${value}`}`}`;
  const accepts = acceptor(entity, method, value);
  return { entity, reject: (name) => (accepts(propertyOf(name, entity)) ? undefined : `left out by ${shown}`) };
}

function acceptor(entity: string, method: EntityFilter['method'], value: string): (actual: string | undefined) => boolean {
  switch (method) {
    case 'equals': {
      const wanted = entity === 'extension' ? value.replace(/^\./, '') : value;
      return (actual) => actual === wanted;
    }
    // Python's re.match holds the pattern to the start of the text, re.search does not.
    case 'match': {
      const pattern = new RegExp(`^(?:${value})`);
      return (actual) => actual !== undefined && pattern.test(actual);
    }
    case 'search': {
      const pattern = new RegExp(value);
      return (actual) => actual !== undefined && pattern.test(actual);
    }
    case 'required': return (actual) => actual !== undefined;
    case 'none': return (actual) => actual === undefined;
    case 'optional': return () => true;
  }
}

/** An entity's value, or what upstream's filters can name besides entities. Images are only looked for in `micr`. */
function propertyOf(name: BidsName, entity: string): string | undefined {
  if (entity === 'suffix') return name.suffix;
  if (entity === 'extension') return name.extension === '' ? undefined : name.extension;
  if (entity === 'datatype') return 'micr';
  return Object.hasOwn(name.entities, entity) ? name.entities[entity] : undefined;
}
