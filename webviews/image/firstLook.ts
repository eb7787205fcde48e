import type { PlaneName, Triple, ViewedImage } from '../../runner/protocol/imageView.ts';
import { clampVoxel, voxelOf } from './geometry.ts';
import { keyOf } from './overlays.ts';
import { readOverlayState } from './viewState.ts';
import type { OverlayState, ViewState } from './viewState.ts';

/**
 * Where the planes are to cross: a point in RAS millimetres, a voxel of level 0, or one plane's place between its first
 * slice (0: the subject's left, back or bottom) and its last (1).
 */
export type LookPosition =
  | { readonly millimetres: Triple }
  | { readonly voxel: Triple }
  | { readonly plane: PlaneName; readonly fraction: number };

/** What whoever opens an image wants to be seen of it; the rest stays as it is. */
export interface FirstLook {
  readonly level?: number;
  readonly position?: LookPosition;
  /** The channel to show alone, by its label. */
  readonly stain?: string;
  /** Shows the mask of this threshold, on the stain if one is named. */
  readonly threshold?: number;
  readonly overlays?: readonly OverlayState[];
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function readTriple(value: unknown): Triple | undefined {
  return Array.isArray(value) && value.length === 3 && value.every(isNumber) ? [value[0], value[1], value[2]] as const : undefined;
}

/** Checks a position; undefined: it is none. */
export function readLookPosition(raw: unknown): LookPosition | undefined {
  if (!isFields(raw)) return undefined;
  const [millimetres, voxel] = [readTriple(raw['millimetres']), readTriple(raw['voxel'])];
  if (millimetres !== undefined) return { millimetres };
  if (voxel !== undefined) return { voxel };
  const plane = (['axial', 'coronal', 'sagittal'] as const).find((each) => each === raw['plane']);
  return plane === undefined || !isNumber(raw['fraction']) ? undefined : { plane, fraction: Math.min(1, Math.max(0, raw['fraction'])) };
}

/** Checks what is to be seen; what of it cannot be understood is left out. */
export function readFirstLook(raw: unknown): FirstLook | undefined {
  if (!isFields(raw)) return undefined;
  const { level, stain, threshold, overlays } = raw;
  const position = readLookPosition(raw['position']);
  return {
    ...(Number.isInteger(level) ? { level: level as number } : {}),
    ...(position === undefined ? {} : { position }),
    ...(typeof stain === 'string' ? { stain } : {}),
    ...(isNumber(threshold) ? { threshold } : {}),
    ...(Array.isArray(overlays) ? { overlays: overlays.flatMap((overlay) => readOverlayState(overlay) ?? []) } : {}),
  };
}

/** The state of a view that shows what is wanted. Levels and stains that the image does not have are passed over. */
export function withLook(state: ViewState, image: ViewedImage, look: FirstLook): ViewState {
  const channel = look.stain === undefined ? -1 : image.channels.findIndex(({ label }) => label === look.stain);
  const alone = channel < 0 ? {} : { channels: state.channels.map((each, i) => ({ ...each, visible: i === channel })), selected: channel };
  const { threshold } = state;
  const masked = look.threshold === undefined ? {} : { threshold: { ...threshold, shown: true, channel: channel < 0 ? threshold.channel : channel, value: look.threshold } };
  const wanted = (look.overlays ?? []).map((overlay) => ({ ...overlay, visible: true }));
  const keys = new Set(wanted.map(({ ref }) => keyOf(ref)));
  return {
    ...state, ...alone, ...masked,
    ...(look.level !== undefined && image.levels[look.level] !== undefined ? { level: look.level } : {}),
    ...(look.position === undefined ? {} : { position: voxelAtPosition(state.position, image, look.position) }),
    overlays: [...state.overlays.filter(({ ref }) => !keys.has(keyOf(ref))), ...wanted],
  };
}

function voxelAtPosition(before: Triple, image: ViewedImage, position: LookPosition): Triple {
  if ('millimetres' in position) return clampVoxel(image, voxelOf(image, position.millimetres));
  if ('voxel' in position) return clampVoxel(image, position.voxel);
  const plane = image.planes.find((each) => each.plane === position.plane);
  if (plane === undefined) return before;
  const last = image.levels[0].size[plane.through] - 1;
  const index = last * position.fraction;
  const voxel: [number, number, number] = [...before];
  voxel[plane.through] = plane.flipThrough ? last - index : index;
  return clampVoxel(image, voxel);
}
