import type { ObjectStore } from '../storage/objectStore.ts';

/**
 * Changes when the image at a path is written anew; empty when there is none. Looks at its metadata files, or at the zip
 * file, without reading them. Chunks that are replaced one by one, and metadata of single levels, are not noticed.
 */
export async function imageVersion(store: ObjectStore, path: string, signal?: AbortSignal): Promise<string> {
  const below = (name: string): string => (path === '' ? name : `${path}/${name}`);
  const keys = /\.(zip|ozx)$/i.test(path) ? [path] : [below('zarr.json'), below('.zattrs'), below('.zmetadata')];
  const found = await Promise.all(keys.map((key) => store.stat(key, { signal })));
  return found.flatMap((stat) => (stat === undefined ? [] : [stat.version])).join(' ');
}
