import { SpimquantError } from '../protocol/errors.ts';
import type { Json } from '../protocol/json.ts';
import type { ObjectStore } from './objectStore.ts';

/** An object as text: UTF-8, without a byte order mark. Undefined when there is none. */
export async function readText(store: ObjectStore, key: string, signal?: AbortSignal): Promise<string | undefined> {
  const bytes = await store.read(key, { signal });
  return bytes && new TextDecoder().decode(bytes);
}

/** An object as JSON. Undefined when there is none. Throws `bad-dataset` when it is not JSON. */
export async function readJson(store: ObjectStore, key: string, signal?: AbortSignal): Promise<Json | undefined> {
  const text = await readText(store, key, signal);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new SpimquantError('bad-dataset', `Not readable as JSON: ${store.uri}/${key} (${(cause as Error).message})`, {
      where: `${store.uri}/${key}`,
      hint: 'Repair the file or make it anew.',
      cause,
    });
  }
}
