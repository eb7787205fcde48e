import { writePhantomDataset } from '../../../runner/phantom/dataset.ts';
import type { PhantomParticipant } from '../../../runner/phantom/cohort.ts';
import { openOmeZarr } from '../../../runner/image/omeZarr.ts';
import type { VoxelArray } from '../../../runner/kernels/volume.ts';
import { pieceSpan, pieceValues, planeAxes, slabSpan } from '../../../runner/protocol/imageView.ts';
import type { ImageRef, PieceAddress, PieceValues, ViewedImage } from '../../../runner/protocol/imageView.ts';
import type { Requests } from '../../../runner/protocol/rpc.ts';
import type { ObjectStore } from '../../../runner/storage/objectStore.ts';
import { ViewerService, type ViewerContext, type ViewerRequest } from '../../../runner/viewer/service.ts';

/** A small brain of three stains, in an orientation that turns every axis, with chunks that cut every axis. */
export async function writeBrain(store: ObjectStore, change: Partial<PhantomParticipant> = {}, orientation = 'IAL'): Promise<void> {
  await writePhantomDataset(store, [{
    label: '01', columns: { treatment: 'control' }, ngff: '0.5', levels: 3, sidecar: false,
    subject: {
      seed: 5, stains: ['YoPro', 'Abeta', 'Iba1'], orientation, size: [66, 94, 80], voxelSize: [0.14, 0.14, 0.14],
      shape: { deformation: 0.2, rotation: 3, scaling: 0.03, translation: 0.2 }, bias: 0.2, noise: 8,
      plaques: { CTX: 8, CB: 2, TH: 1 }, cells: { CTX: 3 }, cellsOnPlaques: 0.3, objectVoxels: [30, 60],
    },
    ...change,
  }]);
}

export const nothingSaid: ViewerContext = { said: {}, saidOver: {} };

/** A service that finds all it is asked for in one store. */
export function serviceOn(store: ObjectStore, pixelBytes?: number): ViewerService {
  return new ViewerService({
    placeOf: ({ uri }) => ({ store, key: uri, where: `${store.uri}/${uri}` }),
    onFailure: () => undefined,
    ...(pixelBytes === undefined ? {} : { pixelBytes }),
  });
}

export function ask<N extends ViewerRequest>(service: ViewerService, name: N, params: Requests[N]['params'], context = nothingSaid, signal = new AbortController().signal): Promise<Requests[N]['result']> {
  return service.answer(name, params, context, signal);
}

export function at(uri: string): ImageRef {
  return { uri, storage: {} };
}

/** What a piece must hold, read from the image in another way: the whole box at once. */
export async function expectedPiece(store: ObjectStore, path: string, image: ViewedImage, piece: PieceAddress, channel: number): Promise<readonly number[]> {
  const source = await openOmeZarr(store, path);
  const level = image.levels[piece.level];
  const [lower, higher] = planeAxes(piece.axis);
  const [x, y] = [pieceSpan(level, lower, piece.x), pieceSpan(level, higher, piece.y)];
  const span = slabSpan(level.size[piece.axis], piece.index, piece.slab);
  const start: [number, number, number] = [0, 0, 0];
  const size: [number, number, number] = [0, 0, 0];
  [start[piece.axis], start[lower], start[higher]] = [span.start, x.start, y.start];
  [size[piece.axis], size[lower], size[higher]] = [span.count, x.count, y.count];
  const box: VoxelArray = await source.read(source.level(piece.level), channel, { start, size });
  const out = new Array<number>(x.count * y.count).fill(-Infinity);
  let i = 0;
  for (let z = 0; z < size[2]; z++) {
    for (let row = 0; row < size[1]; row++) {
      for (let column = 0; column < size[0]; column++, i++) {
        const voxel = [column, row, z];
        const place = voxel[lower] + x.count * voxel[higher];
        out[place] = Math.max(out[place], box[i]);
      }
    }
  }
  return out;
}

/** Values of one channel of an answer. */
export function channelOf({ type, width, height, bytes }: Requests['image.piece']['result'], place: number): PieceValues {
  return pieceValues(type, bytes, place * width * height, width * height);
}
