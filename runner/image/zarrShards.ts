import type { ByteRange } from '../storage/objectStore.ts';
import { crc32c } from '../kernels/crc32c.ts';
import type { Sharding } from './zarrMetadata.ts';

/** Where an inner chunk is in its shard. */
export interface ShardSlot {
  /** Position of the inner chunk in the shard, in C order. */
  readonly position: number;
  readonly offset: number;
  readonly length: number;
}

/** The index of a shard: offset and length of each inner chunk in C order; a length of −1 says that it is missing. */
export interface ShardIndex {
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
}

/** Bytes of the index of a shard with that many inner chunks. */
export function shardIndexBytes(sharding: Sharding, count: number): number {
  return 16 * count + (sharding.indexChecksum ? 4 : 0);
}

/** Which bytes of a shard its index is in. */
export function shardIndexRange(sharding: Sharding, count: number): ByteRange {
  const bytes = shardIndexBytes(sharding, count);
  return sharding.indexLocation === 'start' ? { offset: 0, length: bytes } : { suffix: bytes };
}

const missing = 0xffffffffffffffffn;

/**
 * Reads the index of a shard and verifies its checksum. Throws a RangeError that says what is wrong when the index is
 * cut off, its checksum disagrees, or an entry is impossible.
 */
export function parseShardIndex(bytes: Uint8Array, sharding: Sharding, count: number): ShardIndex {
  if (bytes.length !== shardIndexBytes(sharding, count)) throw new RangeError('the index of the shard is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = sharding.indexEndian === 'little';
  // The checksum codec stores its four bytes little-endian, whatever the order of the index.
  if (sharding.indexChecksum && crc32c(bytes.subarray(0, -4)) !== view.getUint32(16 * count, true)) {
    throw new RangeError('the checksum (CRC-32C) of the index of the shard does not agree with its content');
  }
  const offsets = new Float64Array(count);
  const lengths = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const offset = view.getBigUint64(16 * i, little);
    const length = view.getBigUint64(16 * i + 8, little);
    if (offset === missing && length === missing) {
      lengths[i] = -1;
      continue;
    }
    if (offset + length > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('the index of the shard points outside of it');
    offsets[i] = Number(offset);
    lengths[i] = Number(length);
  }
  return { offsets, lengths };
}

/** Gaps up to this many bytes are read along, because a request costs more than the bytes. */
const largestGap = 64 * 1024;
/** Ranges are joined up to this size, so that what is in memory at once stays bounded. */
const largestRange = 16 * 1024 * 1024;

/** Joins neighbouring inner chunks into ranges that are read at once. Ascending by offset. */
export function coalesceSlots(slots: readonly ShardSlot[]): readonly (readonly ShardSlot[])[] {
  const groups: ShardSlot[][] = [];
  let end = 0;
  for (const slot of [...slots].sort((a, b) => a.offset - b.offset)) {
    const group = groups.at(-1);
    if (group && slot.offset - end <= largestGap && slot.offset + slot.length - group[0].offset <= largestRange) {
      group.push(slot);
      end = Math.max(end, slot.offset + slot.length);
    } else {
      groups.push([slot]);
      end = slot.offset + slot.length;
    }
  }
  return groups;
}
