import type { JsonObject } from '../protocol/json.ts';
import type { Provenance } from '../protocol/options.ts';

/** What a JSON sidecar says of one column, under the keys that BIDS uses for tabular files. */
export interface ColumnDescription {
  readonly LongName?: string;
  readonly Description?: string;
  readonly Units?: string;
}

const axisNames = { x: 'left to right (R positive)', y: 'back to front (A positive)', z: 'bottom to top (S positive)' } as const;

function coordinates(prefix: string, longName: string, description: string): Readonly<Record<string, ColumnDescription>> {
  return Object.fromEntries(Object.entries(axisNames).map(([axis, direction]) => [
    `${prefix}${axis}`,
    { LongName: `${longName} ${axis.toUpperCase()}`, Description: `${description}, along ${direction}.`, Units: 'mm' },
  ]));
}

/** Columns that have the same meaning wherever they stand. */
const known: Readonly<Record<string, ColumnDescription>> = {
  participant_id: { LongName: 'Participant', Description: 'Participant as in participants.tsv, with the prefix sub-.' },
  index: { LongName: 'Region index', Description: 'Value of the region in the label image of the atlas; 0 holds what is outside all regions.' },
  name: { LongName: 'Region name', Description: 'Name of the region in the label table of the atlas.' },
  abbreviation: { LongName: 'Region abbreviation', Description: 'Abbreviation of the region in the label table of the atlas.' },
  stain: { LongName: 'Stain', Description: 'Stain (channel) in which the objects were found.' },
  nvoxels: { LongName: 'Object size', Description: 'Voxels of the object at the level that was segmented; summed over the objects of a region in tables by region.', Units: 'voxels' },
  count: { LongName: 'Object count', Description: 'Number of objects whose centre is in the region.' },
  fieldfrac: { LongName: 'Field fraction', Description: 'Part of the region that was segmented as stained.', Units: '%' },
  volume: { LongName: 'Region volume', Description: 'Volume of the region in the participant.', Units: 'mm^3' },
  density: { LongName: 'Object density', Description: 'Number of objects by volume of the region.', Units: 'mm^-3' },
  vesseldist: { LongName: 'Distance to vessel', Description: 'Distance from the centre of the object to the nearest vessel wall; negative inside vessels.', Units: 'mm' },
  object_id_a: { LongName: 'First object', Description: 'Stain and row of the first object in the table of object properties.' },
  object_id_b: { LongName: 'Second object', Description: 'Stain and row of the second object in the table of object properties.' },
  stain_a: { LongName: 'Stain of the first object', Description: 'Stain in which the first object was found.' },
  stain_b: { LongName: 'Stain of the second object', Description: 'Stain in which the second object was found.' },
  radius_a: { LongName: 'Radius of the first object', Description: 'Radius of a sphere with the volume of the first object.', Units: 'mm' },
  radius_b: { LongName: 'Radius of the second object', Description: 'Radius of a sphere with the volume of the second object.', Units: 'mm' },
  nvoxels_a: { LongName: 'Size of the first object', Description: 'Voxels of the first object.', Units: 'voxels' },
  nvoxels_b: { LongName: 'Size of the second object', Description: 'Voxels of the second object.', Units: 'voxels' },
  distance: { LongName: 'Distance', Description: 'Distance between the centres of both objects in the participant.', Units: 'mm' },
  overlapratio: { LongName: 'Overlap ratio', Description: 'One less the distance of the centres divided by the sum of the radii: 1 where the centres coincide, 0 where the spheres only touch.' },
  n_subjects: { LongName: 'Participants', Description: 'Number of participants with a value.' },
  ...coordinates('pos_', 'Centre', 'Centre of the object in the space of the participant'),
  ...coordinates('template_', 'Centre in template', 'Centre of the object mapped to the template'),
  ...coordinates('pos_coloc_', 'Midpoint', 'Midpoint of both objects in the space of the participant'),
  ...coordinates('template_coloc_', 'Midpoint in template', 'Midpoint of both objects mapped to the template'),
};

/** Statistics of a contrast: the suffix of the column, what it is, and whether it keeps the unit of its metric. */
const contrastStatistics: Readonly<Record<string, ColumnDescription>> = {
  tstat: { LongName: 't statistic', Description: 'Statistic of the test of the first group against the second; positive where the first has the higher mean.' },
  pval: { LongName: 'p value', Description: 'Two-sided probability of such a difference by chance, not corrected for the number of tests.' },
  qval: { LongName: 'q value', Description: 'p value corrected for the number of regions by the false discovery rate of Benjamini and Hochberg.' },
  cohensd: { LongName: 'Cohen\'s d', Description: 'Difference of the means divided by the pooled standard deviation.' },
  df: { LongName: 'Degrees of freedom', Description: 'Degrees of freedom of the test.' },
};

const groupStatistics: Readonly<Record<string, string>> = {
  mean: 'Mean', std: 'Standard deviation', min: 'Smallest value', max: 'Largest value',
};

/**
 * The description of a column by its name: as it stands; else `stain+metric`; else `metric_statistic[_group]`; else
 * `n_group`; else nothing (pipeline-spec §3.9).
 */
export function describeColumn(name: string): ColumnDescription {
  if (Object.hasOwn(known, name)) return known[name];
  return describeMetric(name) ?? describeStatistic(name) ?? describeSize(name) ?? {};
}

function describeMetric(name: string): ColumnDescription | undefined {
  const plus = name.indexOf('+');
  if (plus <= 0) return undefined;
  const [stain, metric] = [name.slice(0, plus), name.slice(plus + 1)];
  if (!Object.hasOwn(known, metric)) return undefined;
  const base = known[metric];
  return { ...base, LongName: `${base.LongName ?? metric} (${stain})` };
}

function describeStatistic(name: string): ColumnDescription | undefined {
  const match = /^(.+?)_(tstat|pval|qval|cohensd|df|mean|std|min|max)(?:_(.+))?$/.exec(name);
  if (match === null) return undefined;
  const [, base, statistic, group] = match;
  const metric = describeColumn(base);
  const label = metric.LongName ?? base;
  const suffix = group === undefined ? '' : ` (${group})`;
  if (Object.hasOwn(contrastStatistics, statistic)) {
    const what = contrastStatistics[statistic];
    return { LongName: `${what.LongName ?? statistic} of ${label}${suffix}`, Description: what.Description };
  }
  const of = group === undefined ? 'all participants' : `the participants of group ${group}`;
  return {
    LongName: `${groupStatistics[statistic]} of ${label}${suffix}`,
    Description: `${groupStatistics[statistic]} over ${of}.`,
    ...(metric.Units === undefined ? {} : { Units: metric.Units }),
  };
}

function describeSize(name: string): ColumnDescription | undefined {
  const match = /^n_(.+)$/.exec(name) ?? /_n_(.+)$/.exec(name);
  return match === null ? undefined : { LongName: `Participants (${match[1]})`, Description: `Number of participants of group ${match[1]} with a value.` };
}

/**
 * The JSON sidecar of a table: one key per column in their order, then `GeneratedBy` with the provenance.
 *
 * @param more descriptions that take precedence, e.g. those of the dataset's participants.json
 */
export function tableSidecar(
  columns: readonly string[], provenance: Provenance, more: Readonly<Record<string, ColumnDescription>> = {},
): JsonObject {
  const entries = columns.map((name) => [name, { ...(Object.hasOwn(more, name) ? more[name] : describeColumn(name)) }] as const);
  return { ...Object.fromEntries(entries), GeneratedBy: [{ ...provenance, Parameters: { ...provenance.Parameters }, Differences: [...provenance.Differences] }] };
}
