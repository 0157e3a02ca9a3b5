"""Makes digits.csv.gz from the copy of the data inside an installed scikit-learn: run `pip install scikit-learn`, then this script.

The file has 1,797 lines of 65 integers: 64 pixels of 0..16 row by row, then the digit. It is compressed again without a name
and a time, so that the same bytes come out every time.
"""
import gzip
import importlib.resources
import pathlib

source = importlib.resources.files("sklearn.datasets.data") / "digits.csv.gz"
text = gzip.decompress(source.read_bytes()).replace(b"\r\n", b"\n")
lines = text.split()
assert len(lines) == 1797 and all(line.count(b",") == 64 for line in lines)
target = pathlib.Path(__file__).parent / "digits.csv.gz"
with target.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
    packed.write(b"\n".join(lines) + b"\n")
