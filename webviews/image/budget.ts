import { pieceBytes, type PieceType } from '../../runner/protocol/imageView.ts';
import type { VoxelRect } from './geometry.ts';

/**
 * Memory of a page, in bytes: what it may hold of an image in all, pieces that are kept for scrolling back, and what one
 * pane may ask for at once. Pictures that are drawn and volumes that are rendered take the rest.
 */
export const pageBudget = { all: 300_000_000, pieces: 144 * 1024 * 1024, pane: 32 * 1024 * 1024 } as const;
/** Pixels of a picture of one pane at most: more than a screen has. */
const panePixels = 8e6;

/** Whether a pane may hold a rectangle of voxels of some channels. */
export function fitsPane(rect: VoxelRect, type: PieceType, channels: number): boolean {
  const pixels = (rect.across[1] - rect.across[0] + 1) * (rect.up[1] - rect.up[0] + 1);
  return pixels <= panePixels && pixels * pieceBytes(type) * Math.max(1, channels) <= pageBudget.pane;
}
