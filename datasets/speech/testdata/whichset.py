"""Parts of Speech Commands by the rule in the set's README: python whichset.py > whichset.txt"""
import hashlib
import random
import re

MOST = 2 ** 27 - 1


def which_set(name, validation, testing):
    digest = hashlib.sha1(re.sub(r"_nohash_.*$", "", name).encode()).hexdigest()
    percentage = (int(digest, 16) % (MOST + 1)) * (100.0 / MOST)
    return "validation" if percentage < validation else "test" if percentage < validation + testing else "train"


random.seed(1)
for _ in range(200):
    name = f"{random.getrandbits(32):08x}_nohash_{random.randrange(5)}.wav"
    print(name, which_set(name, 10, 10), which_set(name, 30, 20))
