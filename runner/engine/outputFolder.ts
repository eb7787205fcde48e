import { dump } from 'js-yaml';
import { SpimquantError } from '../protocol/errors.ts';
import type { Json, JsonObject } from '../protocol/json.ts';
import type { ExecutionOptions } from '../protocol/options.ts';
import type { ObjectStore } from '../storage/objectStore.ts';

/** Object by which an output of SPIMquant is recognised. */
export const markerKey = '.spimquant/output.json';
/** The same of the Python SPIMquant. */
const upstreamKey = '.snakebids';

/**
 * Refuses an output that holds something but is none of SPIMquant's, so that a slip in the path cannot mix results into
 * other data. Throws `already-exists`. Locks and receipts alone do not make it foreign.
 */
export async function checkOutput(store: ObjectStore, { forceOutput, external }: Pick<ExecutionOptions, 'forceOutput' | 'external'>): Promise<void> {
  const [own, other] = external === undefined ? [markerKey, upstreamKey] : [upstreamKey, markerKey];
  if (forceOutput || (await store.stat(own)) !== undefined) return;
  for await (const entry of store.list('')) {
    const mixed = (await store.stat(other)) !== undefined;
    if (entry.key === '.spimquant/' && !mixed) continue;
    throw new SpimquantError('already-exists', mixed
      ? `The output holds results of the ${external === undefined ? 'Python SPIMquant' : 'embedded engine'}, which this engine would mix with its own.`
      : `The output is not empty and was not made by SPIMquant: it holds ${entry.key}`, {
      where: store.uri,
      hint: 'Choose an empty or new folder, or add --force-output if this one is right.',
    });
  }
}

/** What {@link prepareOutput} writes. */
export interface OutputDescription {
  readonly version: string;
  /** URI of the dataset. */
  readonly source: string;
  /** Options by their names, defaults filled in. */
  readonly configuration: JsonObject;
}

/**
 * Makes an output known as SPIMquant's: the marker, the merged options in `config/spimquant.yml`, and the
 * `dataset_description.json` of a BIDS derivative. Equal descriptions give equal bytes; a description that a user wrote
 * is kept.
 */
export async function prepareOutput(store: ObjectStore, description: OutputDescription): Promise<void> {
  await store.write(markerKey, `${JSON.stringify({ mode: 'bidsapp', program: 'spimquant', version: description.version }, undefined, 2)}\n`);
  await store.write('config/spimquant.yml', `# The options of the latest run, defaults filled in. Usable with --config.\n${dump(description.configuration, { lineWidth: 120 })}`);
  const known = await store.read('dataset_description.json');
  if (known !== undefined && !isOurs(known)) return;
  const text: Json = {
    Name: 'SPIMquant',
    BIDSVersion: '1.10.0',
    DatasetType: 'derivative',
    GeneratedBy: [{ Name: 'SPIMquant', Version: description.version, Description: 'Embedded engine of SPIMquant for VS Code' }],
    SourceDatasets: [{ URL: description.source }],
  };
  await store.write('dataset_description.json', `${JSON.stringify(text, undefined, 2)}\n`);
}

function isOurs(bytes: Uint8Array): boolean {
  try {
    const { GeneratedBy: made } = JSON.parse(new TextDecoder().decode(bytes)) as { GeneratedBy?: readonly { Name?: string }[] };
    return Array.isArray(made) && made.some((program: { Name?: string } | null) => program?.Name === 'SPIMquant');
  } catch {
    return false;
  }
}
