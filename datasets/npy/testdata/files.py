"""npy and npz files and their values: python files.py > files.json

numpy 2.4.6 writes them. "values" has the same values in C order, little-endian; those of float16 as float32.
"""
import base64
import io
import json

import numpy as np
from numpy.lib import format


def text(content):
    return base64.b64encode(content).decode()


def values(x):
    if x.dtype.kind == "f" and x.dtype.itemsize == 2:
        x = x.astype(np.float32)
    return text(np.ascontiguousarray(x).astype(x.dtype.newbyteorder("<")).tobytes())


def entry(x, version):
    f = io.BytesIO()
    format.write_array(f, x, version=version, allow_pickle=False)
    return {"file": text(f.getvalue()), "dtype": x.dtype.name, "shape": x.shape, "fortran": bool(np.isfortran(x)), "values": values(x)}


def main():
    rng = np.random.default_rng(1)
    files = []
    for code in ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]:
        for endian in "<>":
            dtype = np.dtype(endian + code)
            for number, shape in enumerate([(), (5,), (3, 4), (2, 3, 4), (3, 0, 2), (0,)]):
                size = int(np.prod(shape))
                if dtype.kind == "b":
                    x = rng.integers(0, 2, size).astype(dtype)
                elif dtype.kind in "fc":
                    x = rng.normal(0, 100, 2 * size)
                    x[:4] = [np.nan, np.inf, -np.inf, -0.0][: 2 * size]
                    x = x.view(np.complex128).astype(dtype) if dtype.kind == "c" else x[:size].astype(dtype)
                else:
                    x = np.frombuffer(rng.bytes(size * dtype.itemsize), dtype)
                x = x.reshape(shape)
                files.append(entry(x, (1 + number % 3, 0)))
                if len(shape) > 1 and size:
                    files.append(entry(np.asfortranarray(x), (1 + (number + 1) % 3, 0)))
    half = np.arange(0, 65536, 37, dtype=np.uint16).view(np.float16)
    files.append(entry(half[~np.isnan(half)], (1, 0)))  # the bits of a NaN are not kept
    for axes in range(1, 33):  # headers of all lengths, so that padding is seen
        for code in ["u1", "c16"]:
            files.append(entry(np.ones((1,) * axes, code), (1, 0)))
    files.append(entry(np.asfortranarray(rng.integers(0, 99, (2, 3, 4, 5))), (1, 0)))

    archives = []
    for save in [np.savez, np.savez_compressed]:
        f = io.BytesIO()
        arrays = {"x": rng.normal(size=(4, 3)), "folder/y": np.arange(6).reshape(2, 3), "one": np.float32(2)}
        save(f, **arrays)
        archives.append({"file": text(f.getvalue()), "arrays": [{"name": k, "values": values(np.asarray(v))} for k, v in arrays.items()]})

    refused = []
    for x in [
        np.array([{}, []], dtype=object), np.zeros(2, [("a", "f4"), ("b", "i4")]), np.zeros(2, "V3"), np.array(["text"]), np.array([b"text"]),
        np.array(["2020-01-01"], "M8[D]"), np.array([1], "m8[s]"), np.zeros(2, np.longdouble), np.zeros(2, np.clongdouble),
        np.zeros(2, [("a", "f4", (2, 2))]),
    ]:
        f = io.BytesIO()
        np.save(f, x, allow_pickle=True)
        refused.append(text(f.getvalue()))
    print(json.dumps({"files": files, "archives": archives, "refused": refused}))


if __name__ == "__main__":
    main()
