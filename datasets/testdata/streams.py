"""An independent reading of the random numbers of package datasets: SplitMix64's mix, PCG-DXSM as in O'Neill's pcg-cpp and
Go's math/rand/v2, and the latter's IntN, Perm, Float64 and NormFloat64. Run as a script it writes streams.json beside it."""
import json
import math
import pathlib
import struct

MASK64, MASK128 = 2**64 - 1, 2**128 - 1
GOLDEN = 0x9E3779B97F4A7C15
PARTS = ["train", "validation", "test"]


def float32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def ziggurat():
    """The strips of Marsaglia and Tsang (2000, "The Ziggurat Method for Generating Random Variables") under the normal density: the
    integers below which a strip's point is under the curve, the strips' widths over 2^31, and the density at their edges."""
    edge, area = 3.442619855899, 9.91256303526217e-3
    density = lambda x: math.exp(-x * x / 2)
    base = area / density(edge)
    k, w, f = [int(edge / base * 2**31), 0] + [0] * 126, [base / 2**31] + [0] * 127, [1.0] + [0] * 127
    x = edge
    w[127], f[127] = x / 2**31, density(x)
    for i in range(126, 0, -1):
        narrower = math.sqrt(-2 * math.log(area / x + density(x)))
        k[i + 1] = int(narrower / x * 2**31)
        w[i], f[i], x = narrower / 2**31, density(narrower), narrower
    return edge, k, [float32(v) for v in w], [float32(v) for v in f]


EDGE, BELOW, WIDTH, DENSITY = ziggurat()


def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


class PCG:
    def __init__(self, high, low):
        self.state = high << 64 | low

    def uint64(self):
        multiplier = 2549297995355413924 << 64 | 4865540595714422341
        increment = 6364136223846793005 << 64 | 1442695040888963407
        self.state = (self.state * multiplier + increment) & MASK128
        high, low = self.state >> 64, self.state & MASK64
        high ^= high >> 32
        high = (high * 0xDA942042E4DD58B5) & MASK64
        high ^= high >> 48
        return (high * (low | 1)) & MASK64

    def below(self, n):
        if n & (n - 1) == 0:
            return self.uint64() & (n - 1)
        while True:  # Lemire's multiply-and-shift, rejecting the few values that would bias it
            product = self.uint64() * n
            if product & MASK64 >= 2**64 % n:
                return product >> 64

    def permutation(self, n):
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order

    def float64(self):
        return (self.uint64() & 2**53 - 1) / 2**53

    def normal(self):
        while True:
            u = self.uint64()
            j, i = (u & 2**32 - 1 ^ 2**31) - 2**31, u >> 32 & 127  # a signed 32-bit number
            x = j * WIDTH[i]
            if abs(j) < BELOW[i]:
                return x
            if i == 0:  # the tail
                while True:
                    x, y = -math.log(self.float64()) / EDGE, -math.log(self.float64())
                    if y + y >= x * x:
                        return EDGE + x if j > 0 else -EDGE - x
            height = float32(DENSITY[i] + float32(float32(self.float64()) * float32(DENSITY[i - 1] - DENSITY[i])))
            if height < float32(math.exp(-x * x / 2)):
                return x


def stream(seed, part, index):
    high = mix((seed + (PARTS.index(part) + 1) * GOLDEN) & MASK64)
    return PCG(high, mix((high + (index + 1) * GOLDEN) & MASK64))


if __name__ == "__main__":
    cases = []
    for seed in (0, 1, 2**64 - 1):
        for part in PARTS:
            for index in (0, 1, 9999):
                source = stream(seed, part, index)
                cases.append({"seed": str(seed), "part": part, "index": index,
                              "below": [source.below(n) for n in (1797, 3, 3, 2, 10, 10**12)],
                              "permutation": source.permutation(7),
                              "uniform": [source.float64() for _ in range(3)],
                              "normal": [source.normal() for _ in range(400)][::40],
                              "farthest": max((source.normal() for _ in range(1000)), key=abs)})
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases, indent=None).replace("}, ", "},\n ") + "\n")
