import type { VoxelArray } from '../kernels/volume.ts';

/** Rows up to this long are copied by hand: making views of them costs more than the copying. */
const longRow = 4096;

/** Copies rows from one array to another of the same type: `count` voxels from `from` on, every `stride`-th, to `to` and on. */
export type RowCopier = (from: number, to: number, count: number, stride: number) => void;

/** Makes a copier, which moves four bytes at a time where rows lie on such borders. */
export function rowCopier(source: VoxelArray, out: VoxelArray): RowCopier {
  const width = source.BYTES_PER_ELEMENT;
  const [sourceWords, outWords] = [wordsOf(source), wordsOf(out)];
  return (from, to, count, stride) => {
    if (stride !== 1) {
      for (let i = 0, at = from; i < count; i++, at += stride) out[to + i] = source[at];
    } else if (count * width > longRow) {
      out.set(source.subarray(from, from + count), to);
    } else if (sourceWords && outWords && width < 4 && ((from * width) | (to * width) | (count * width)) % 4 === 0) {
      copyWords(sourceWords, (from * width) / 4, outWords, (to * width) / 4, (count * width) / 4);
    } else {
      for (let i = 0; i < count; i++) out[to + i] = source[from + i];
    }
  };
}

/** The whole words of an array; undefined when it does not begin on a border. */
function wordsOf(values: VoxelArray): Int32Array | undefined {
  return values.byteOffset % 4 === 0 ? new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2) : undefined;
}

function copyWords(source: Int32Array, from: number, out: Int32Array, to: number, count: number): void {
  const quarters = count - (count % 4);
  for (let i = 0; i < quarters; i += 4) {
    out[to + i] = source[from + i];
    out[to + i + 1] = source[from + i + 1];
    out[to + i + 2] = source[from + i + 2];
    out[to + i + 3] = source[from + i + 3];
  }
  for (let i = quarters; i < count; i++) out[to + i] = source[from + i];
}
