import { imageIdentity, parseBidsName } from '../bids/names.ts';
import type { BidsName } from '../bids/bids.types.ts';
import { listFolder, mapBounded } from '../bids/folder.ts';
import { reportError } from '../protocol/errors.ts';
import type { OverlayKind, RelatedOverlay } from '../protocol/imageView.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { joinUri } from '../storage/uri.ts';

/** A folder of results to look in. */
export interface ResultsFolder {
  readonly name: string;
  readonly storage: StorageChoice;
  readonly store: ObjectStore;
}

/** Folders of a participant that hold what can be laid over an image. */
const datatypes = ['parc', 'seg', 'micr', 'featuremap'];

/** Suffixes of such files: what they are, how they are called, and which come first. */
const kinds: Readonly<Record<string, { readonly kind: OverlayKind; readonly title: string; readonly rank: number }>> = {
  dseg: { kind: 'labels', title: 'Regions', rank: 0 },
  mask: { kind: 'mask', title: 'Mask', rank: 1 },
  fieldfrac: { kind: 'map', title: 'Field fraction', rank: 2 },
  counts: { kind: 'map', title: 'Counts', rank: 3 },
  coloccounts: { kind: 'map', title: 'Counts of pairs', rank: 3 },
  biasfield: { kind: 'map', title: 'Bias field', rank: 4 },
};

/** The space that a file lies in: a template's name, or undefined for the participant's own. */
export function spaceOf(name: BidsName): string | undefined {
  return name.entities['space'] ?? name.entities['tpl'];
}

/**
 * Results that can be laid over an image: of the same participant, session, sample and acquisition, and in the same
 * space. Lists a few folders of each folder of results; one that cannot be read is passed over.
 */
export async function findRelated(uri: string, folders: readonly ResultsFolder[], signal: AbortSignal): Promise<readonly RelatedOverlay[]> {
  const name = parseBidsName(uri.split(/[/\\]/).pop() ?? '');
  if (name === undefined) return [];
  const found = await mapBounded(folders, 4, async (folder) => {
    try {
      return await lookInto(folder, uri, name, signal);
    } catch (error) {
      if (reportError(error).code === 'cancelled') throw error;
      return [];
    }
  });
  return found.flat();
}

async function lookInto({ name: source, storage, store }: ResultsFolder, uri: string, image: BidsName, signal: AbortSignal): Promise<readonly RelatedOverlay[]> {
  const { sub, ses } = image.entities;
  const templates = (await listFolder(store, '', signal)).folders.filter((folder) => folder.startsWith('tpl-'));
  const inside = sub === undefined ? [] : datatypes.map((datatype) => [`sub-${sub}`, ...(ses === undefined ? [] : [`ses-${ses}`]), datatype].join('/'));
  const listings = await mapBounded([...inside, ...templates], 6, (folder) => listFolder(store, folder, signal));
  const paths = listings.flatMap(({ files, folders }) => [...files, ...folders]);
  const space = spaceOf(image);
  const identity = JSON.stringify(imageIdentity(image.entities));
  const overlays = paths.flatMap((path) => {
    const name = parseBidsName(path.slice(path.lastIndexOf('/') + 1));
    const known = name === undefined ? undefined : kinds[name.suffix];
    if (name === undefined || known === undefined || !/^(nii|nii\.gz|ozx|ome\.zarr|zarr)$/.test(name.extension)) return [];
    const ofTemplate = name.entities['tpl'] !== undefined;
    if (spaceOf(name) !== space || (!ofTemplate && JSON.stringify(imageIdentity(name.entities)) !== identity)) return [];
    const address = joinUri(store.uri, path);
    if (address === uri) return [];
    const table = known.kind === 'labels' ? tableOf(name, paths) : undefined;
    return [{ rank: known.rank, overlay: { title: titleOf(name, known.title), kind: known.kind, uri: address, storage, source, ...(table === undefined ? {} : { table: joinUri(store.uri, table) }) } }];
  });
  return overlays.sort((a, b) => a.rank - b.rank || (a.overlay.uri < b.overlay.uri ? -1 : 1)).map(({ overlay }) => overlay);
}

/** The table of a parcellation's regions: `tpl-X_seg-Y_dseg.tsv`, of the template that it came from. */
function tableOf({ entities }: BidsName, paths: readonly string[]): string | undefined {
  const template = entities['from'] ?? entities['tpl'] ?? entities['space'];
  if (template === undefined || entities['seg'] === undefined) return undefined;
  const file = `tpl-${template}_seg-${entities['seg']}_dseg.tsv`;
  return paths.find((path) => path.endsWith(`/${file}`));
}

/** What the entities besides the image's own tell: `Regions: all, level 2`. */
function titleOf({ entities }: BidsName, title: string): string {
  const { seg, stain, desc, level } = entities;
  const parts = [seg, stain, desc, ...(level === undefined ? [] : [`level ${level}`])].filter((part) => part !== undefined);
  return parts.length === 0 ? title : `${title}: ${parts.join(', ')}`;
}
