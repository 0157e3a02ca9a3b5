"""Writes reference.json: good and bad files, and whether Python's safetensors library takes them.

Run in this folder: python reference.py. Made with safetensors 0.8.0 and numpy 2.4.6. A file is
written down as its header, the number of value bytes after it, and, where they are not those of the
header, the 8 bytes of its length.
"""

import json
import struct

from safetensors import SafetensorError, deserialize, safe_open
from safetensors.numpy import save
import numpy as np
import os
import tempfile


def tensor(dtype="F32", shape="[1]", offsets="[0,4]"):
    return '{"dtype":"%s","shape":%s,"data_offsets":%s}' % (dtype, shape, offsets)


def named(**tensors):
    return "{" + ",".join('"%s":%s' % item for item in tensors.items()) + "}"


def one(dtype="F32", shape="[1]", offsets="[0,4]"):
    return named(a=tensor(dtype, shape, offsets))


A, B = tensor(), tensor(offsets="[4,8]")
CASES = [
    # name, header, bytes of values
    ("one tensor", one(), 4),
    ("two tensors", named(a=A, b=B), 8),
    ("two tensors, the later first", named(b=B, a=A), 8),
    ("scalar", one(shape="[]"), 4),
    ("no tensors", "{}", 0),
    ("empty tensor", one(shape="[0,3]", offsets="[0,0]"), 0),
    ("empty tensor between two", named(a=A, n=tensor(shape="[0]", offsets="[4,4]"), b=B), 8),
    ("empty tensor at the end", named(a=A, n=tensor(shape="[0]", offsets="[4,4]")), 4),
    ("padded with spaces", one() + "     ", 4),
    ("spaces before", " " + one(), 4),
    ("padded with zeros", one() + "\0\0", 4),
    ("metadata", '{"__metadata__":{"format":"pt"},"a":%s}' % A, 4),
    ("metadata null", '{"__metadata__":null,"a":%s}' % A, 4),
    ("metadata with a number", '{"__metadata__":{"format":1},"a":%s}' % A, 4),
    ("metadata a text", '{"__metadata__":"pt","a":%s}' % A, 4),
    ("unknown field", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}', 4),
    ("capital field", '{"a":{"Dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
    ("no dtype", '{"a":{"shape":[1],"data_offsets":[0,4]}}', 4),
    ("no shape", '{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4),
    ("no offsets", '{"a":{"dtype":"F32","shape":[1]}}', 4),
    ("shape null", one(shape="null"), 4),
    ("axis null", one(shape="[null]", offsets="[0,0]"), 0),
    ("shape a number", one(shape="1"), 4),
    ("axis a fraction", one(shape="[1.0]"), 4),
    ("axis a text", one(shape='["1"]'), 4),
    ("one offset", one(offsets="[4]"), 4),
    ("three offsets", one(offsets="[0,4,4]"), 4),
    ("tensor a number", '{"a":3}', 4),
    ("tensor null", '{"a":null}', 4),
    ("twice the same name, other places", '{"a":%s,"a":%s}' % (A, B), 8),
    ("twice the same name and place", '{"a":%s,"a":%s}' % (A, A), 4),
    ("twice a field", '{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
    ("overlap", named(a=A, b=tensor(offsets="[2,6]")), 6),
    ("same bytes twice", named(a=A, b=A), 4),
    ("hole", named(a=A, b=tensor(offsets="[8,12]")), 12),
    ("hole at the start", one(offsets="[4,8]"), 8),
    ("more at the end", one(), 8),
    ("cut off", one(), 2),
    ("nothing there", one(), 0),
    ("too few bytes for the shape", one(shape="[2]"), 4),
    ("too many bytes for the shape", one(offsets="[0,8]"), 8),
    ("half a value", one(offsets="[0,3]"), 3),
    ("offsets turned round", one(offsets="[4,0]"), 4),
    ("negative offset", one(offsets="[-4,0]"), 4),
    ("negative axis", one(shape="[-1]"), 4),
    ("two negative axes", one(shape="[-1,-1]"), 4),
    ("product overflows to 16 bytes", one(shape="[4611686018427387908]", offsets="[0,16]"), 16),
    ("product overflows to 0 bytes", one("F64", "[2305843009213693952]", "[0,0]"), 0),
    ("product of two overflows", one(shape="[4294967296,4294967296]", offsets="[0,0]"), 0),
    ("product overflows before a zero", one(shape="[4294967296,4294967296,0]", offsets="[0,0]"), 0),
    ("large axes after a zero", one(shape="[0,4294967296,4294967296]", offsets="[0,0]"), 0),
    ("axis of 2^63 after a zero", one(shape="[0,9223372036854775808]", offsets="[0,0]"), 0),
    ("axis of 2^64", one(shape="[18446744073709551616]", offsets="[0,0]"), 0),
    ("offsets near 2^63", one(offsets="[9223372036854775803,9223372036854775807]"), 4),
    ("unknown dtype", one("F31"), 4),
    ("dtype in small letters", one("f32"), 4),
    ("dtype null", '{"a":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}', 4),
    ("half a byte", one("F4", "[1]", "[0,1]"), 1),
    ("two values in a byte", one("F4", "[2]", "[0,1]"), 1),
    ("not closed", '{"a":' + A, 4),
    ("more after the object", one() + "{}", 4),
    ("a list", "[1]", 0),
    ("empty header", "", 0),
    ("no JSON", "hello", 0),
    ("comma at the end", '{"a":%s,}' % A, 4),
]
SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1,
         "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "C64": 8, "F64": 8, "I64": 8, "U64": 8}
CASES += [("type " + t, one(t, "[3]", "[0,%d]" % (3 * n)), 3 * n) for t, n in SIZES.items()]
CASES += [("type " + t, one(t, "[4]", "[0,3]"), 3) for t in ("F6_E2M3", "F6_E3M2")]
LENGTHS = [
    # name, length said, header, bytes of values
    ("length of 2^63", 1 << 63, one(), 4),
    ("length of 2^64-1", (1 << 64) - 1, one(), 4),
    ("length above the file", 1000, one(), 4),
    ("length one above the file", len(one()) + 5, one(), 4),
    ("length up to the end", len(one()) + 4, one(), 4),
    ("length of 0", 0, one(), 4),
    ("length of 1", 1, one(), 4),
]


def taken(raw):
    try:
        deserialize(raw)
    except SafetensorError:
        bytes_taken = False
    else:
        bytes_taken = True
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f")
        with open(path, "wb") as f:
            f.write(raw)
        try:
            with safe_open(path, "np"):
                file_taken = True
        except (SafetensorError, OSError, ValueError):
            file_taken = False
    assert bytes_taken == file_taken, raw
    return bytes_taken


out = []
for name, header, values in CASES:
    raw = struct.pack("<Q", len(header)) + header.encode() + bytes(values)
    out.append({"name": name, "length": str(len(header)), "header": header, "values": values, "taken": taken(raw)})
for name, length, header, values in LENGTHS:
    raw = struct.pack("<Q", length) + header.encode() + bytes(values)
    out.append({"name": name, "length": str(length), "header": header, "values": values, "taken": taken(raw)})
saved = save({"w": np.arange(6, dtype=np.float32).reshape(2, 3), "i": np.array([-1, 2]), "b": np.array(True)})
with open("reference.json", "w") as f:
    json.dump({"cases": out, "saved": saved.hex()}, f, indent=0)
    f.write("\n")
