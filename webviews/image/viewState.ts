import type { ImageRef, OverlayKind, PlaneName, Triple, ViewedImage } from '../../runner/protocol/imageView.ts';
import { cleanStorage } from '../../runner/protocol/storageChoice.ts';
import { channelColors, formatColor, type Window } from './windowing.ts';
import type { PicturePoint } from './geometry.ts';

/** Arrangements of the panes: all three planes, one of them, or the rendering. */
export const layouts = ['planes', 'axial', 'coronal', 'sagittal', 'volume'] as const;
export type Layout = (typeof layouts)[number];

/** What a drag with the left button does. */
export const tools = ['crosshair', 'pan', 'window'] as const;
export type Tool = (typeof tools)[number];

export interface ChannelState {
  readonly visible: boolean;
  /** `#rrggbb`. */
  readonly color: string;
  /** Undefined until voxels have come. */
  readonly window?: Window;
}

export interface OverlayState {
  readonly ref: ImageRef;
  readonly title: string;
  readonly kind: OverlayKind;
  readonly table?: string;
  readonly visible: boolean;
  /** 0 to 1. */
  readonly opacity: number;
  /** Of labels: filled, or outlined. */
  readonly fill: boolean;
}

export interface ThresholdState {
  readonly shown: boolean;
  readonly channel: number;
  /** Undefined until somebody has chosen one. */
  readonly value?: number;
  readonly opacity: number;
}

/** How an image is shown. Kept with its panel over reloads of the window. */
export interface ViewState {
  readonly layout: Layout;
  readonly tool: Tool;
  /** Voxel of level 0 that the planes go through. */
  readonly position: Triple;
  /** 1: the planes fit their panes. */
  readonly zoom: number;
  /** What is in the middle of each plane; left out: its middle. */
  readonly centres: Readonly<Partial<Record<PlaneName, PicturePoint>>>;
  /** Left out: as the zoom asks for. */
  readonly level?: number;
  /** Millimetres whose maximum is shown; 0: the plane itself. */
  readonly slab: number;
  readonly channels: readonly ChannelState[];
  /** The channel whose histogram is shown. */
  readonly selected: number;
  readonly threshold: ThresholdState;
  readonly overlays: readonly OverlayState[];
  readonly crosshair: boolean;
  readonly linked: boolean;
  readonly panel: boolean;
}

/** Channels that are shown at first: more make a picture that nobody can read. */
export const shownAtFirst = 3;

/** The first look at an image: its middle, whole. */
export function firstState({ levels, channels }: ViewedImage): ViewState {
  const colors = channelColors(channels);
  const [x, y, z] = levels[0].size;
  return {
    layout: 'planes', tool: 'crosshair', position: [(x - 1) / 2, (y - 1) / 2, (z - 1) / 2], zoom: 1, centres: {}, slab: 0,
    channels: channels.map((_, i) => ({ visible: i < shownAtFirst, color: formatColor(colors[i]) })),
    selected: 0,
    threshold: { shown: false, channel: Math.min(1, channels.length - 1), opacity: 0.6 },
    overlays: [], crosshair: true, linked: false, panel: true,
  };
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isTriple(value: unknown): value is Triple {
  return Array.isArray(value) && value.length === 3 && value.every(isNumber);
}

function readWindow(raw: unknown): Window | undefined {
  return isFields(raw) && isNumber(raw['low']) && isNumber(raw['high']) && raw['high'] > raw['low'] ? { low: raw['low'], high: raw['high'] } : undefined;
}

function readChannel(raw: unknown, first: ChannelState): ChannelState {
  if (!isFields(raw)) return first;
  const { visible, color } = raw;
  const window = readWindow(raw['window']);
  return {
    visible: typeof visible === 'boolean' ? visible : first.visible,
    color: typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color) ? color : first.color,
    ...(window === undefined ? {} : { window }),
  };
}

/** Checks the address of an image and how it is reached. */
export function readImageRef(raw: unknown): ImageRef | undefined {
  return isFields(raw) && typeof raw['uri'] === 'string' && raw['uri'] !== '' ? { uri: raw['uri'], storage: cleanStorage(raw['storage']) } : undefined;
}

/** Checks an overlay; undefined: it is none. */
export function readOverlayState(raw: unknown): OverlayState | undefined {
  const ref = isFields(raw) ? readImageRef(raw['ref']) : undefined;
  if (!isFields(raw) || ref === undefined || typeof raw['title'] !== 'string') return undefined;
  const kind = (['labels', 'mask', 'map'] as const).find((each) => each === raw['kind']);
  if (kind === undefined) return undefined;
  return {
    ref, title: raw['title'], kind,
    ...(typeof raw['table'] === 'string' ? { table: raw['table'] } : {}),
    visible: raw['visible'] === true,
    opacity: isNumber(raw['opacity']) ? Math.min(1, Math.max(0, raw['opacity'])) : 0.5,
    fill: raw['fill'] === true,
  };
}

/** What was kept of an earlier look, as far as it fits the image. */
export function readViewState(raw: unknown, image: ViewedImage): ViewState {
  const first = firstState(image);
  if (!isFields(raw)) return first;
  const { layout, tool, position, zoom, centres, level, slab, channels, selected, threshold, overlays } = raw;
  const { size } = image.levels[0];
  const isChannel = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) < image.channels.length;
  const flag = (name: 'crosshair' | 'linked' | 'panel'): boolean => (typeof raw[name] === 'boolean' ? raw[name] : first[name]);
  const kept: Partial<Record<PlaneName, PicturePoint>> = {};
  for (const { plane } of image.planes) {
    const centre: unknown = isFields(centres) ? centres[plane] : undefined;
    if (Array.isArray(centre) && centre.length === 2 && centre.every(isNumber)) kept[plane] = [centre[0], centre[1]];
  }
  return {
    layout: layouts.find((each) => each === layout) ?? first.layout,
    tool: tools.find((each) => each === tool) ?? first.tool,
    position: isTriple(position) && position.every((place, axis) => place >= 0 && place <= size[axis] - 1) ? position : first.position,
    zoom: isNumber(zoom) && zoom > 0 ? zoom : first.zoom,
    centres: kept,
    ...(Number.isInteger(level) && image.levels[level as number] !== undefined ? { level: level as number } : {}),
    slab: isNumber(slab) && slab >= 0 ? slab : first.slab,
    channels: first.channels.map((channel, i) => readChannel(Array.isArray(channels) ? channels[i] : undefined, channel)),
    selected: isChannel(selected) ? selected : first.selected,
    threshold: !isFields(threshold) || !isChannel(threshold['channel']) ? first.threshold : {
      shown: threshold['shown'] === true, channel: threshold['channel'],
      ...(isNumber(threshold['value']) ? { value: threshold['value'] } : {}),
      opacity: isNumber(threshold['opacity']) ? Math.min(1, Math.max(0, threshold['opacity'])) : first.threshold.opacity,
    },
    overlays: Array.isArray(overlays) ? overlays.flatMap((overlay) => readOverlayState(overlay) ?? []) : [],
    crosshair: flag('crosshair'), linked: flag('linked'), panel: flag('panel'),
  };
}
