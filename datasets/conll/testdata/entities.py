"""Entities of tag sequences by seqeval 1.2.2, lenient and strict: python entities.py > entities.txt

A line is tags | default | strict IOB1 | strict IOB2 | strict IOBES; an entity is type:start:end, "-" means that the
scheme does not have these letters. All sequences of 1 to 3 tags, and 400 random ones of 8.
"""
import itertools
import random

from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB1, IOB2, IOBES, Tokens

TAGS = ["O"] + [p + "-" + t for t in "XY" for p in "BIES"]


def show(entities):
    return " ".join(f"{t}:{s}:{e}" for t, s, e in entities)


def strict(tags, scheme, letters):
    if any(t[0] not in letters for t in tags):
        return "-"
    return show((e.tag, e.start, e.end) for e in Tokens(tags, scheme).entities)


def main():
    random.seed(1)
    cases = [c for n in (1, 2, 3) for c in itertools.product(TAGS, repeat=n)]
    cases += [random.choices(TAGS[:3] + TAGS[5:7], k=8) for _ in range(200)]
    cases += [random.choices(TAGS, k=8) for _ in range(200)]
    for c in map(list, cases):
        fields = [" ".join(c), show((t, s, e + 1) for t, s, e in get_entities(c)),
                  strict(c, IOB1, "BIO"), strict(c, IOB2, "BIO"), strict(c, IOBES, "BIESO")]
        print("|".join(fields))


main()
