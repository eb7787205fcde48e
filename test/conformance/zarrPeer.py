"""The zarr-python side of zarr.test.ts.

    zarrPeer.py digest STORE LEVELS      prints {level: {shape, dtype, sha256 of the little-endian C-order bytes}} and the attributes
    zarrPeer.py make FOLDER              writes one image a case of voxels of a formula: see value() in the test
"""
import hashlib
import json
import sys

import numcodecs
import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec
from zarr.storage import LocalStore, ZipStore


def digest(path, levels):
    store = ZipStore(path, mode="r") if path.endswith((".zip", ".ozx")) else LocalStore(path, read_only=True)
    group = zarr.open_group(store, mode="r")
    rows = {}
    for level in range(levels):
        array = group[str(level)]
        data = np.ascontiguousarray(array[:])
        rows[str(level)] = {"shape": list(data.shape), "dtype": data.dtype.name, "sha256": hashlib.sha256(data.tobytes()).hexdigest()}
    return {"levels": rows, "attributes": dict(group.attrs)}


SHAPE, CHUNKS = (2, 33, 47, 61), (1, 16, 16, 32)


def voxels(dtype):
    c, z, y, x = np.indices(SHAPE)
    return ((x * 7 + y * 131 + z * 1009 + c * 17) % 251).astype(dtype)


def attributes(version):
    axes = [{"name": "c", "type": "channel"}] + [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    multiscale = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 4, 2, 2]}]}]}
    if version == 2:
        return {"multiscales": [{**multiscale, "version": "0.4"}]}
    return {"ome": {"version": "0.5", "multiscales": [multiscale]}}


def make(folder):
    names = []

    def add(name, version, dtype, **options):
        group = zarr.open_group(f"{folder}/{name}", mode="w", zarr_format=version)
        group.attrs.update(attributes(version))
        array = zarr.create(store=group.store, path="0", shape=SHAPE, dtype=dtype, zarr_format=version, **options)
        array[:] = voxels(dtype)
        names.append(name)

    for dtype in ["<u2", ">u2", "|u1", "<f4", ">f8", "<i8"]:
        label = dtype.replace("<", "l").replace(">", "b").replace("|", "n")
        add(f"v2-{label}-none", 2, dtype, chunks=CHUNKS, compressor=None)
        for codec in [numcodecs.Zstd(3), numcodecs.GZip(1), numcodecs.Zlib(1), numcodecs.LZ4()]:
            add(f"v2-{label}-{codec.codec_id}", 2, dtype, chunks=CHUNKS, compressor=codec)
        for inner in ["lz4", "lz4hc", "zstd", "zlib", "blosclz"]:
            for shuffle in [0, 1, 2]:
                add(f"v2-{label}-blosc-{inner}-{shuffle}", 2, dtype, chunks=CHUNKS, compressor=numcodecs.Blosc(inner, 5, shuffle))
    add("v2-order-F", 2, "<u2", chunks=CHUNKS, compressor=numcodecs.Zstd(1), order="F", dimension_separator="/")
    for dtype in ["uint16", "int32", "float32", "uint8"]:
        width = np.dtype(dtype).itemsize
        for label, codecs in {
            "none": [BytesCodec()], "zstd": [BytesCodec(), ZstdCodec()], "gzip": [BytesCodec(), GzipCodec()], "crc": [BytesCodec(), Crc32cCodec()],
            "blosc": [BytesCodec(), BloscCodec(typesize=width)], "bit": [BytesCodec(), BloscCodec(typesize=width, cname="lz4", shuffle="bitshuffle")],
            "transpose": [TransposeCodec(order=(3, 1, 2, 0)), BytesCodec(), ZstdCodec()],
        }.items():
            add(f"v3-{dtype}-{label}", 3, dtype, chunk_shape=CHUNKS, codecs=codecs)
            for where in ["start", "end"]:
                shard = ShardingCodec(chunk_shape=(1, 8, 8, 16), codecs=codecs, index_location=where)
                add(f"v3-{dtype}-{label}-shards-{where}", 3, dtype, chunk_shape=CHUNKS, codecs=[shard])
    return names


if __name__ == "__main__":
    result = digest(sys.argv[2], int(sys.argv[3])) if sys.argv[1] == "digest" else make(sys.argv[2])
    json.dump(result, sys.stdout)
