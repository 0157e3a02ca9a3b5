"""WAV files and their samples: python files.py > files.json

soundfile 0.14.0 (libsndfile) writes and reads them, Python's wave and scipy 1.17.1 the two that Write16 and WriteFloat must
equal byte for byte, and audioop has the tables of G.711.
"""
import audioop
import base64
import io
import json
import wave

import numpy as np
import scipy.io.wavfile
import soundfile


def text(content):
    return base64.b64encode(content).decode()


def main():
    rng = np.random.default_rng(1)
    files = []
    for container in ["WAV", "WAVEX", "RF64"]:
        for subtype in ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]:
            for channels, frames, endian in [(1, 7, "LITTLE"), (2, 5, "LITTLE"), (3, 5, "BIG")]:
                if endian == "BIG" and container != "WAV":
                    continue
                x = rng.uniform(-1, 1, (frames, channels))
                x[0], x[1] = -1, 1
                b = io.BytesIO()
                soundfile.write(b, x, 16000, format=container, subtype=subtype, endian=endian)
                content = b.getvalue()
                read = {}
                for dtype in ["float32", "int32"]:
                    read[dtype], rate = soundfile.read(io.BytesIO(content), dtype=dtype, always_2d=True)
                files.append({
                    "name": f"{container} {subtype} {channels} {endian}", "file": text(content), "rate": rate, "channels": channels,
                    "floats": read["float32"].ravel().tolist(),
                    "ints": None if subtype in ("FLOAT", "DOUBLE") else read["int32"].ravel().tolist(),
                })
    samples = np.array([0, 0.5, -0.25, 1, -1, 0.1, -0.3, 2 ** -15], np.float32)
    b = io.BytesIO()
    with wave.open(b, "wb") as w:
        w.setparams((2, 2, 8000, 0, "NONE", ""))
        w.writeframes(np.clip(np.round(samples.astype(float) * 32768), -32768, 32767).astype("<i2").tobytes())
    f = io.BytesIO()
    scipy.io.wavfile.write(f, 8000, samples.reshape(-1, 2))
    codes = bytes(range(256))
    json.dump({
        "files": files, "samples": samples.tolist(), "write16": text(b.getvalue()), "writeFloat": text(f.getvalue()),
        "mulaw": np.frombuffer(audioop.ulaw2lin(codes, 2), "<i2").tolist(), "alaw": np.frombuffer(audioop.alaw2lin(codes, 2), "<i2").tolist(),
    }, open(1, "w"), separators=(",", ":"))


main()
