/**
 * Typed arrays in one temporary file: a length, a JSON header, then the arrays, each on an 8-byte border. Little-endian, as
 * every machine this runs on is.
 */

const arrayTypes = { Float64Array, Float32Array, Int32Array, Uint32Array, Uint8Array } as const;
type PackableArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;
type ArrayTypeName = keyof typeof arrayTypes;

/** A value that is stored as JSON, with arrays that are stored as they are. */
export interface PackedRecord<Meta, Name extends string> {
  readonly meta: Meta;
  readonly arrays: Readonly<Record<Name, PackableArray>>;
}

interface StoredRecord<Meta> {
  readonly meta: Meta;
  readonly arrays: readonly { readonly name: string; readonly type: ArrayTypeName; readonly length: number }[];
}

const align = (offset: number): number => Math.ceil(offset / 8) * 8;

/** Writes records into one buffer. */
export function pack<Meta, Name extends string>(records: readonly PackedRecord<Meta, Name>[]): Uint8Array {
  const stored: StoredRecord<Meta>[] = records.map(({ meta, arrays }) => ({
    meta,
    arrays: Object.entries<PackableArray>(arrays).map(([name, array]) => ({ name, type: array.constructor.name as ArrayTypeName, length: array.length })),
  }));
  const header = new TextEncoder().encode(JSON.stringify(stored));
  let size = align(4 + header.length);
  for (const { arrays } of records) for (const array of Object.values<PackableArray>(arrays)) size += align(array.byteLength);
  const out = new Uint8Array(size);
  new DataView(out.buffer).setUint32(0, header.length, true);
  out.set(header, 4);
  let offset = align(4 + header.length);
  for (const { arrays } of records) {
    for (const array of Object.values<PackableArray>(arrays)) {
      out.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
      offset += align(array.byteLength);
    }
  }
  return out;
}

/** Reads what {@link pack} wrote; the arrays share one copy of the buffer. The caller knows the shapes. */
export function unpack<Meta, Arrays extends Readonly<Record<string, PackableArray>>>(bytes: Uint8Array): readonly { readonly meta: Meta; readonly arrays: Arrays }[] {
  const buffer = bytes.slice().buffer;
  const headerLength = new DataView(buffer).getUint32(0, true);
  const stored = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength))) as StoredRecord<Meta>[];
  let offset = align(4 + headerLength);
  return stored.map(({ meta, arrays }) => {
    const restored: Record<string, PackableArray> = {};
    for (const { name, type, length } of arrays) {
      const array = new arrayTypes[type](buffer, offset, length);
      restored[name] = array;
      offset += align(array.byteLength);
    }
    return { meta, arrays: restored as Arrays };
  });
}
