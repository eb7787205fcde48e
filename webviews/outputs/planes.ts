import { pieceValues, type ViewedImage, type ViewedPlane } from '../../runner/protocol/imageView.ts';
import { levelIndex, piecesOf, type VoxelRect } from '../image/geometry.ts';
import { placePiece } from '../image/planePicture.ts';
import type { FileRef } from './messages.ts';
import type { OutputsAsker } from './model.ts';

/** A plane as a picture of numbers: rows from the top. */
export interface PlaneValues {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Voxels along the longer edge of a plane that is shown: finer ones are smaller than the pixels of a pane. */
const finestEdge = 640;
/** Planes that are kept, so that going back and forth asks for nothing. */
const planesKept = 90;

/** Planes of an image, and of images that lie over it, on its grid. */
export class PlaneReader {
  readonly image: ViewedImage;
  readonly level: number;
  readonly #asker: OutputsAsker;
  readonly #ref: FileRef;
  readonly #kept = new Map<string, PlaneValues>();

  private constructor(asker: OutputsAsker, ref: FileRef, image: ViewedImage) {
    this.#asker = asker;
    this.#ref = ref;
    this.image = image;
    const fitting = image.levels.findIndex(({ size }) => Math.max(...size) <= finestEdge);
    this.level = fitting < 0 ? image.levels.length - 1 : fitting;
  }

  static async open(asker: OutputsAsker, ref: FileRef, signal: AbortSignal): Promise<PlaneReader> {
    const { image } = await asker.ask('image.open', { image: ref, pixels: 1, channels: 1 }, signal);
    return new PlaneReader(asker, ref, image);
  }

  /** The plane at a voxel of level 0: of the image itself, or of one that lies over it (`smooth`: interpolated, else the nearest voxels). */
  async read(plane: ViewedPlane, voxel: number, over: FileRef | undefined, smooth: boolean, signal: AbortSignal): Promise<PlaneValues> {
    const level = this.image.levels[this.level];
    const index = levelIndex(level, plane.through, voxel);
    const key = JSON.stringify([plane.plane, index, over?.uri, smooth]);
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const rect: VoxelRect = { across: [0, level.size[plane.across] - 1], up: [0, level.size[plane.up] - 1] };
    const [width, height] = [level.size[plane.across], level.size[plane.up]];
    const values = new Float32Array(width * height);
    await Promise.all(piecesOf(level, this.level, plane, rect, index, 1).map(async (piece) => {
      const answer = over === undefined
        ? await this.#asker.ask('image.piece', { image: this.#ref, piece, channels: [0] }, signal)
        : await this.#asker.ask('image.piece', { image: over, over: this.#ref, piece, channels: [0], ...(smooth ? { smooth } : {}) }, signal);
      const placed = placePiece(level, plane, rect, piece);
      if (placed === undefined) return;
      const from = pieceValues(answer.type, answer.bytes);
      for (let y = 0; y < placed.rect.height; y++) {
        let at = placed.base + y * placed.down;
        const to = (placed.rect.y + y) * width + placed.rect.x;
        for (let x = 0; x < placed.rect.width; x++, at += placed.across) values[to + x] = from[at];
      }
    }));
    const read = { values, width, height };
    this.#kept.set(key, read);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= planesKept) break;
      this.#kept.delete(oldest);
    }
    return read;
  }
}
