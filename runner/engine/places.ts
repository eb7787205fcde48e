import type { Artifact, Place } from '../pipeline/task.ts';
import type { ObjectStore, StorageOptions } from '../storage/objectStore.ts';
import { openStore } from '../storage/open.ts';
import { isRemote, joinUri } from '../storage/uri.ts';

/** Where each place is and how to reach it. Goes to the worker threads as it is. */
export type Places = Readonly<Record<Place, { readonly uri: string; readonly storage: StorageOptions }>>;

/** Opens each place once. */
export function openPlaces(places: Places): (place: Place) => ObjectStore {
  const open = new Map<Place, ObjectStore>();
  return (place) => {
    let store = open.get(place);
    if (store === undefined) {
      store = openStore(places[place].uri, places[place].storage);
      open.set(place, store);
    }
    return store;
  };
}

/** Path of an artifact on this machine, or undefined when its place is a bucket. */
export function localPathOf(places: Places, artifact: Artifact): string | undefined {
  const { uri } = places[artifact.place];
  return isRemote(uri) ? undefined : joinUri(uri, artifact.path);
}
