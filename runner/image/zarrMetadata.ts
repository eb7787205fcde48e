import type { VoxelType } from './omeZarr.types.ts';
import { badMetadata } from './zarrErrors.ts';
import { parseFillValue } from './zarrTypes.ts';

/** A codec from bytes to bytes. Settings matter for encoding only, but for `blosc`, whose chunks tell their own. */
export type BytesCodec = 'gzip' | 'zlib' | 'zstd' | 'blosc' | 'lz4' | 'crc32c';

/** How the voxels of a decodable chunk become bytes: reordered, laid out in a byte order, then through codecs. */
export interface CodecChain {
  /** Stored axis i is array axis `order[i]`; the bytes run with the last stored axis fastest. */
  readonly order: readonly number[];
  readonly endian: 'little' | 'big';
  /** In the order of encoding. */
  readonly codecs: readonly BytesCodec[];
}

/** Shards: objects of several inner chunks and an index of where each is. */
export interface Sharding {
  readonly indexLocation: 'start' | 'end';
  readonly indexEndian: 'little' | 'big';
  /** Whether four bytes of CRC-32C follow the index. */
  readonly indexChecksum: boolean;
}

/** The metadata of a zarr array, v2 or v3, in one form. Axes are in the array's own order. */
export interface ZarrArrayMetadata {
  readonly zarrFormat: 2 | 3;
  readonly shape: readonly number[];
  /** What one object holds: a chunk, or a shard. */
  readonly objectShape: readonly number[];
  /** What is decoded at once: a chunk, or the inner chunk of a shard. Equal to `objectShape` without sharding. */
  readonly chunkShape: readonly number[];
  readonly voxelType: VoxelType;
  readonly fillValue: number;
  readonly chain: CodecChain;
  readonly sharding?: Sharding;
  /** `default` puts `c` before the indices. */
  readonly keys: { readonly style: 'v2' | 'default'; readonly separator: '.' | '/' };
  /** v3's names of the axes, where given. */
  readonly dimensionNames?: readonly (string | null)[];
}

type Raw = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON document as an object. Throws `bad-zarr` when it is none. */
export function parseJsonObject(bytes: Uint8Array, uri: string): Raw {
  let value: unknown;
  try {
    // Some writers (python's json) put bare NaN where a string belongs.
    const text = new TextDecoder().decode(bytes);
    value = JSON.parse(text.replace(/:\s*(NaN|-?Infinity)\s*([,}\]])/g, ': "$1"$2'));
  } catch (cause) {
    throw badMetadata(uri, `this is not valid JSON (${cause instanceof Error ? cause.message : String(cause)}).`, 'The file is damaged or cut off. Copy it again from the original.');
  }
  if (!isRecord(value)) throw badMetadata(uri, 'a JSON object was expected here.');
  return value;
}

function numbers(value: unknown, least: number, uri: string, name: string): readonly number[] {
  if (!Array.isArray(value) || !value.every((n): n is number => Number.isSafeInteger(n) && n >= least)) {
    throw badMetadata(uri, `"${name}" is ${JSON.stringify(value)}, not a list of whole numbers from ${least} on.`);
  }
  return value;
}

function sameRank(a: readonly number[], b: readonly number[], uri: string): void {
  if (a.length !== b.length) throw badMetadata(uri, `its shape has ${a.length} axes but its chunks have ${b.length}.`);
}

function fillValue(raw: unknown, type: VoxelType, uri: string): number {
  const value = parseFillValue(raw, type);
  if (value === undefined) throw badMetadata(uri, `the fill value ${JSON.stringify(raw)} does not suit the type ${type}.`);
  return value;
}

const identityOrder = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i);

const codecNames: Readonly<Record<string, BytesCodec>> = { gzip: 'gzip', zlib: 'zlib', zstd: 'zstd', blosc: 'blosc', lz4: 'lz4', crc32c: 'crc32c' };

function bytesCodec(name: string, uri: string): BytesCodec {
  const known = codecNames[name.replace(/^numcodecs\./, '')];
  if (known === undefined) {
    throw badMetadata(uri, `its chunks use the codec "${name}", which is not supported.`, 'Write the image anew with zstd, gzip, zlib, lz4, blosc or no compression.');
  }
  return known;
}

const v2Kinds: Readonly<Record<string, VoxelType>> = {
  b1: 'bool', i1: 'int8', u1: 'uint8', i2: 'int16', u2: 'uint16', i4: 'int32', u4: 'uint32', i8: 'int64', u8: 'uint64', f2: 'float16', f4: 'float32', f8: 'float64',
};

/** Reads a `.zarray` document (zarr v2). Throws `bad-zarr` naming the array when something in it is not supported. */
export function parseV2Array(raw: Raw, uri: string): ZarrArrayMetadata {
  if (raw['zarr_format'] !== 2) throw badMetadata(uri, `"zarr_format" is ${JSON.stringify(raw['zarr_format'])} instead of 2.`);
  const shape = numbers(raw['shape'], 0, uri, 'shape');
  const chunks = numbers(raw['chunks'], 1, uri, 'chunks');
  sameRank(shape, chunks, uri);
  const dtype = raw['dtype'];
  const parts = typeof dtype === 'string' ? /^([<>|=])([bifu]\d)$/.exec(dtype) : null;
  const voxelType = parts ? v2Kinds[parts[2]] : undefined;
  if (!parts || !voxelType) throw badMetadata(uri, `its voxels are of the type ${JSON.stringify(dtype)}, which is not an image type.`, 'Integers of 8 to 64 bits, floats of 16 to 64 bits and bool can be read.');
  const filters = raw['filters'];
  if (Array.isArray(filters) && filters.length > 0) {
    const names = filters.map((filter) => (isRecord(filter) ? String(filter['id']) : '?')).join(', ');
    throw badMetadata(uri, `its chunks pass through filters (${names}), which are not supported.`, 'Write the image anew without filters.');
  }
  const compressor = raw['compressor'];
  if (compressor !== null && compressor !== undefined && !isRecord(compressor)) throw badMetadata(uri, '"compressor" is neither null nor an object.');
  const order = raw['order'] === 'F' ? identityOrder(shape.length).reverse() : identityOrder(shape.length);
  return {
    zarrFormat: 2,
    shape,
    objectShape: chunks,
    chunkShape: chunks,
    voxelType,
    fillValue: fillValue(raw['fill_value'], voxelType, uri),
    chain: { order, endian: parts[1] === '>' ? 'big' : 'little', codecs: compressor ? [bytesCodec(String(compressor['id']), uri)] : [] },
    keys: { style: 'v2', separator: raw['dimension_separator'] === '/' ? '/' : '.' },
  };
}

interface NamedConfig {
  readonly name: string;
  readonly configuration: Raw;
}

/** zarr v3 writes extensions as `{name, configuration}`; the bare name is short for one without configuration. */
function named(value: unknown, uri: string, what: string): NamedConfig {
  if (typeof value === 'string') return { name: value, configuration: {} };
  if (isRecord(value) && typeof value['name'] === 'string') {
    const configuration = value['configuration'];
    return { name: value['name'], configuration: isRecord(configuration) ? configuration : {} };
  }
  throw badMetadata(uri, `${what} is ${JSON.stringify(value)}, which has no name.`);
}

function codecList(value: unknown, uri: string, what: string): readonly NamedConfig[] {
  if (!Array.isArray(value)) throw badMetadata(uri, `${what} is not a list.`);
  return value.map((codec) => named(codec, uri, 'a codec'));
}

function endianOf(config: Raw): 'little' | 'big' {
  return config['endian'] === 'big' ? 'big' : 'little';
}

function transposed(order: readonly number[], codec: NamedConfig, uri: string): number[] {
  const permutation = codec.configuration['order'];
  if (permutation === 'C') return [...order];
  if (permutation === 'F') return [...order].reverse();
  const valid = Array.isArray(permutation) && permutation.length === order.length && new Set(permutation).size === order.length &&
    permutation.every((n) => Number.isInteger(n) && n >= 0 && n < order.length);
  if (!valid) throw badMetadata(uri, `the transpose codec has the order ${JSON.stringify(permutation)}, which does not suit ${order.length} axes.`);
  return (permutation as number[]).map((axis) => order[axis]);
}

/** The codecs of decodable chunks: transposes, `bytes`, then compression and checksums. */
function parseChain(codecs: readonly NamedConfig[], rank: number, uri: string): CodecChain {
  let order = identityOrder(rank);
  let at = 0;
  for (; codecs[at]?.name === 'transpose'; at++) order = transposed(order, codecs[at], uri);
  const bytes = codecs[at] as NamedConfig | undefined;
  if (bytes?.name === 'sharding_indexed') throw badMetadata(uri, 'its shards are nested or reordered, which is not supported.', 'Write the image anew with one layer of shards and no transpose around it.');
  if (bytes?.name !== 'bytes') throw badMetadata(uri, `its chunks use the codec "${bytes?.name ?? 'none'}" where "bytes" is expected.`);
  return { order, endian: endianOf(bytes.configuration), codecs: codecs.slice(at + 1).map((codec) => bytesCodec(codec.name, uri)) };
}

function parseSharding(config: Raw, uri: string): Sharding {
  const [bytes, checksum, ...rest] = codecList(config['index_codecs'], uri, '"index_codecs"');
  if (bytes?.name !== 'bytes' || rest.length > 0 || (checksum !== undefined && checksum.name !== 'crc32c')) {
    throw badMetadata(uri, 'the index of its shards is encoded in a way that is not supported.', 'Only the codecs bytes and crc32c can be used for the index.');
  }
  const location = config['index_location'] ?? 'end';
  if (location !== 'start' && location !== 'end') throw badMetadata(uri, `the index of its shards is at ${JSON.stringify(location)}, neither "start" nor "end".`);
  return { indexLocation: location, indexEndian: endianOf(bytes.configuration), indexChecksum: checksum !== undefined };
}

const v3Types = new Set<string>(['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float16', 'float32', 'float64', 'bool']);

/** Reads the `zarr.json` document of an array (zarr v3). Throws `bad-zarr` naming the array when something in it is not supported. */
export function parseV3Array(raw: Raw, uri: string): ZarrArrayMetadata {
  if (raw['zarr_format'] !== 3 || raw['node_type'] !== 'array') throw badMetadata(uri, 'a zarr v3 array was expected here.');
  const shape = numbers(raw['shape'], 0, uri, 'shape');
  const type = raw['data_type'];
  if (typeof type !== 'string' || !v3Types.has(type)) {
    throw badMetadata(uri, `its voxels are of the type ${JSON.stringify(type)}, which is not an image type.`, 'Integers of 8 to 64 bits, floats of 16 to 64 bits and bool can be read.');
  }
  const voxelType = type as VoxelType;
  const grid = named(raw['chunk_grid'], uri, '"chunk_grid"');
  if (grid.name !== 'regular') throw badMetadata(uri, `its chunks form a grid of the kind "${grid.name}", which is not supported.`, 'Write the image anew with a regular grid of chunks.');
  const objectShape = numbers(grid.configuration['chunk_shape'], 1, uri, 'chunk_shape');
  sameRank(shape, objectShape, uri);
  if (Array.isArray(raw['storage_transformers']) && raw['storage_transformers'].length > 0) throw badMetadata(uri, 'it uses storage transformers, which are not supported.');
  const encoding = named(raw['chunk_key_encoding'], uri, '"chunk_key_encoding"');
  if (encoding.name !== 'default' && encoding.name !== 'v2') throw badMetadata(uri, `its chunks are named by the rule "${encoding.name}", which is not supported.`);
  const separator = encoding.configuration['separator'] ?? (encoding.name === 'v2' ? '.' : '/');
  if (separator !== '.' && separator !== '/') throw badMetadata(uri, `the separator ${JSON.stringify(separator)} in the names of chunks is not supported.`);
  const codecs = codecList(raw['codecs'], uri, '"codecs"');
  const sharded = codecs.find((codec) => codec.name === 'sharding_indexed');
  if (sharded && codecs.length > 1) throw badMetadata(uri, 'its shards are themselves reordered or compressed, which is not supported.', 'Put compression inside the shards, on their inner chunks.');
  const chunkShape = sharded ? numbers(sharded.configuration['chunk_shape'], 1, uri, 'chunk_shape') : objectShape;
  sameRank(shape, chunkShape, uri);
  if (chunkShape.some((size, axis) => objectShape[axis] % size !== 0)) throw badMetadata(uri, `inner chunks of ${chunkShape.join(', ')} do not fill shards of ${objectShape.join(', ')}.`);
  const names = raw['dimension_names'];
  return {
    zarrFormat: 3,
    shape,
    objectShape,
    chunkShape,
    voxelType,
    fillValue: fillValue(raw['fill_value'], voxelType, uri),
    chain: parseChain(sharded ? codecList(sharded.configuration['codecs'], uri, 'the "codecs" of its shards') : codecs, shape.length, uri),
    ...(sharded ? { sharding: parseSharding(sharded.configuration, uri) } : {}),
    keys: { style: encoding.name, separator },
    ...(Array.isArray(names) ? { dimensionNames: names as (string | null)[] } : {}),
  };
}

/** The key of a chunk or shard below its array, e.g. `c/0/3/1` or `0.3.1`. */
export function chunkKey(keys: ZarrArrayMetadata['keys'], index: readonly number[]): string {
  const joined = index.join(keys.separator);
  if (keys.style === 'v2') return joined === '' ? '0' : joined;
  return joined === '' ? 'c' : `c${keys.separator}${joined}`;
}
