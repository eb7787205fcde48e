import { SpimquantError } from '../protocol/errors.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import type { BidsName } from './bids.types.ts';
import { parseBidsName } from './names.ts';

/** What the pipeline takes from the JSON sidecars of an image. */
export interface ImageSidecar {
  readonly sampleStaining?: readonly string[];
  readonly orientationXYZ?: string;
}

/** Reads a JSON object. Undefined when there is no such file. Throws `bad-dataset` when it is not a JSON object. */
export async function readJsonObject(store: ObjectStore, path: string, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined> {
  const bytes = await store.read(path, { signal });
  if (bytes === undefined) return undefined;
  const where = `${store.uri}/${path}`;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes).replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new SpimquantError('bad-dataset', `${where} is not valid JSON: ${(cause as Error).message}`, { where, cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SpimquantError('bad-dataset', `${where} should hold a JSON object.`, { where });
  }
  return value as Readonly<Record<string, unknown>>;
}

/**
 * The JSON files that apply to an image by BIDS' inheritance principle: same suffix, no entity that the image lacks or
 * has with another value. In the order in which they are merged: from the dataset's root down, at each level the less
 * specific before the more specific.
 *
 * @param levels paths of the JSON files of each folder from the root down to the image's own
 */
export function applicableSidecars(image: BidsName, levels: readonly (readonly string[])[]): readonly string[] {
  return levels.flatMap((paths) =>
    paths
      .map((path) => ({ path, name: parseBidsName(path.slice(path.lastIndexOf('/') + 1)) }))
      .filter(({ name }) => name !== undefined && name.extension === 'json' && name.suffix === image.suffix
        && Object.entries(name.entities).every(([key, value]) => image.entities[key] === value))
      .sort((a, b) => Object.keys(a.name?.entities ?? {}).length - Object.keys(b.name?.entities ?? {}).length || (a.path < b.path ? -1 : 1))
      .map(({ path }) => path));
}

/** Takes what matters out of merged sidecars. Throws `bad-dataset` for values of the wrong form. */
export function interpretSidecar(merged: Readonly<Record<string, unknown>>, where: string): ImageSidecar {
  const wrong = (key: string, form: string): SpimquantError =>
    new SpimquantError('bad-dataset', `${key} in the JSON sidecar of ${where} should be ${form}.`, { where });
  const { SampleStaining: staining, OrientationStringXYZ: orientation } = merged;
  const result: { sampleStaining?: readonly string[]; orientationXYZ?: string } = {};
  if (staining !== undefined && staining !== null) {
    const list: unknown = typeof staining === 'string' ? [staining] : staining;
    if (!Array.isArray(list) || list.length === 0 || !list.every((item): item is string => typeof item === 'string' && item !== '')) {
      throw wrong('SampleStaining', 'the name of a stain or a list of names');
    }
    result.sampleStaining = list;
  }
  if (orientation !== undefined && orientation !== null) {
    if (typeof orientation !== 'string' || !isOrientation(orientation)) throw wrong('OrientationStringXYZ', 'three letters such as RAS, one of R or L, one of A or P, one of S or I');
    result.orientationXYZ = orientation.toUpperCase();
  }
  return result;
}

function isOrientation(code: string): boolean {
  const axes = [...code.toUpperCase()].map((letter) => ['RL', 'AP', 'SI'].findIndex((pair) => pair.includes(letter)));
  return axes.length === 3 && axes.every((axis) => axis >= 0) && new Set(axes).size === 3;
}
