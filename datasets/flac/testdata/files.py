"""FLAC files and their samples: python files.py > files.json

soundfile 0.14.0 (libFLAC) writes and reads them.
"""
import base64
import io
import json

import numpy as np
import soundfile


def main():
    rng = np.random.default_rng(1)
    files = []
    for subtype, rate in [("PCM_S8", 8000), ("PCM_16", 16000), ("PCM_24", 44100), ("PCM_16", 12345)]:
        for channels, kind in [(1, "noise"), (2, "tone"), (3, "silence"), (2, "noise")]:
            t = np.arange(300)[:, None]
            x = {"noise": rng.uniform(-1, 1, (40, channels)), "tone": 0.9 * np.sin(t / 20 + np.arange(channels) / 9), "silence": np.zeros((5000, channels))}[kind]
            b = io.BytesIO()
            soundfile.write(b, x, rate, format="FLAC", subtype=subtype)
            floats, _ = soundfile.read(io.BytesIO(b.getvalue()), dtype="float32", always_2d=True)
            ints, _ = soundfile.read(io.BytesIO(b.getvalue()), dtype="int32", always_2d=True)
            if kind == "silence":
                assert not floats.any() and not ints.any()
                floats = ints = ints[:0]
            files.append({"name": f"{subtype} {rate} {channels} {kind}", "file": base64.b64encode(b.getvalue()).decode(), "rate": rate, "channels": channels,
                          "frames": len(x), "floats": floats.ravel().tolist(), "ints": ints.ravel().tolist()})
    json.dump(files, open(1, "w"), separators=(",", ":"))


main()
