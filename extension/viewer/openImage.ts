import type { OverlayKind } from '../../runner/protocol/imageView.ts';
import { cleanStorage } from '../../runner/protocol/storageChoice.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import { readLookPosition } from '../../webviews/image/firstLook.ts';
import type { FirstLook } from '../../webviews/image/firstLook.ts';
import type { OverlayState } from '../../webviews/image/viewState.ts';
import type { OpenImageOverlay, OpenImageRequest } from './openImage.types.ts';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

const kinds: readonly OverlayKind[] = ['labels', 'mask', 'map'];

function readOverlay(raw: unknown): readonly OpenImageOverlay[] {
  if (!isFields(raw) || !isAddress(raw['uri'])) return [];
  const { uri, storage, title, table } = raw;
  const kind = kinds.find((each) => each === raw['kind']);
  return [{
    uri,
    ...(storage === undefined ? {} : { storage: cleanStorage(storage) }),
    ...(kind === undefined ? {} : { kind }),
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof table === 'string' ? { table } : {}),
  }];
}

/** Checks what the command was called with, which may have been anybody; undefined: it names no image. */
export function readOpenImageRequest(raw: unknown): OpenImageRequest | undefined {
  if (!isFields(raw) || !isAddress(raw['uri'])) return undefined;
  const { uri, storage, title, overlays, level, stain, threshold, beside } = raw;
  const position = readLookPosition(raw['position']);
  return {
    uri,
    ...(storage === undefined ? {} : { storage: cleanStorage(storage) }),
    ...(typeof title === 'string' ? { title } : {}),
    ...(Array.isArray(overlays) ? { overlays: overlays.flatMap(readOverlay) } : {}),
    ...(position === undefined ? {} : { position }),
    ...(Number.isInteger(level) ? { level: level as number } : {}),
    ...(typeof stain === 'string' ? { stain } : {}),
    ...(typeof threshold === 'number' && Number.isFinite(threshold) ? { threshold } : {}),
    ...(beside === true ? { beside } : {}),
  };
}

/** What a file that is laid over another is, judged by the suffix of its name. */
export function overlayKindOf(uri: string): OverlayKind {
  return /(^|[_/\\])(dseg|labels?|parc|annotations?)\.[^/\\]+$/i.test(uri) ? 'labels' : /(^|[_/\\-])mask\.[^/\\]+$/i.test(uri) ? 'mask' : 'map';
}

/** Name of an image without what says how it is stored. */
export function imageTitle(uri: string): string {
  const name = uri.split(/[\\/]/).filter((part) => part !== '').at(-1) ?? uri;
  return name.replace(/\.(ome\.zarr|ome\.zarr\.zip|zarr|zarr\.zip|ozx|nii|nii\.gz)$/i, '');
}

/** An overlay as views keep it. `storage`: how the image is reached. */
export function overlayState(overlay: OpenImageOverlay, storage: StorageChoice): OverlayState {
  const kind = overlay.kind ?? overlayKindOf(overlay.uri);
  return {
    ref: { uri: overlay.uri, storage: overlay.storage ?? storage }, title: overlay.title ?? imageTitle(overlay.uri), kind,
    ...(overlay.table === undefined ? {} : { table: overlay.table }), visible: true, opacity: kind === 'labels' ? 0.6 : 0.5, fill: false,
  };
}

/** What a request wants to be seen of the image; undefined: nothing in particular. */
export function lookOf({ level, position, stain, threshold, overlays }: OpenImageRequest, storage: StorageChoice): FirstLook | undefined {
  const look: FirstLook = {
    ...(level === undefined ? {} : { level }), ...(position === undefined ? {} : { position }), ...(stain === undefined ? {} : { stain }),
    ...(threshold === undefined ? {} : { threshold }), ...(overlays === undefined ? {} : { overlays: overlays.map((overlay) => overlayState(overlay, storage)) }),
  };
  return Object.keys(look).length === 0 ? undefined : look;
}
