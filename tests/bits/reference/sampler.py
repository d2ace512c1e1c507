# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Words" to "Truncated normal": from a distribution and words to values."""
import hashlib
import math

import numpy as np

import orthogonal
from refused import Refused
from special import normal_mass, normal_tail
from tables import FIRST64, PHILOX_M, PHILOX_W, TABLE32, TABLE64, TYPES

LOW32 = np.uint64(2**32 - 1)
SHIFT32 = np.uint64(32)
LANE_1 = np.uint64(2**62)

# The last numbers below one half, as tails in units of 2^-32 and 2^-64; and the smallest of the
# latter.
CAP32 = np.float32(2**31 - 2**7)
CAP64 = np.float64(2**63 - 2**10)
LEAST64 = np.float64(0.5)


# Words ----------------------------------------------------------------------------------


def stream_of(name):
    data = name.encode("utf-8")
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "little") if data else 0


def philox(c, key):
    """Four arrays of counter words, two key words -> four arrays of words (all uint64)."""
    k0, k1 = key
    for _ in range(10):
        p0, p1 = np.uint64(PHILOX_M[0]) * c[0], np.uint64(PHILOX_M[1]) * c[2]
        c = [(p1 >> SHIFT32) ^ c[1] ^ np.uint64(k0), p1 & LOW32,
             (p0 >> SHIFT32) ^ c[3] ^ np.uint64(k1), p0 & LOW32]
        k0, k1 = (k0 + PHILOX_W[0]) % 2**32, (k1 + PHILOX_W[1]) % 2**32
    return c


def lane_words(seed, stream, b):
    """All words of some blocks (uint64, lane in the top bits), in the order of the elements."""
    s = [np.full_like(b, part) for part in (stream % 2**32, stream >> 32)]
    return np.stack(philox([b & LOW32, b >> SHIFT32, *s], (seed % 2**32, seed >> 32)),
                    axis=1).reshape(-1)


class Words:
    """The words of a seed and a stream."""

    def __init__(self, seed, stream):
        self.seed, self.stream = seed, stream

    def lane(self, lane, numbers):
        """Words of elements anywhere (int64)."""
        blocks = (numbers >> 2).astype(np.uint64) + np.uint64(lane * 2**62)
        four = lane_words(self.seed, self.stream, blocks).reshape(-1, 4)
        return four[np.arange(len(numbers)), numbers & 3]

    def of(self, numbers, is_f64):
        w = self.lane(0, numbers)
        return (w << SHIFT32) + self.lane(1, numbers) if is_f64 else w

    def run(self, first, count, is_f64):
        """Those of neighbours."""
        block, skip = divmod(first, 4)
        blocks = (skip + count + 3) // 4
        blocks = np.arange(blocks, dtype=np.uint64) + np.uint64(block)
        w = lane_words(self.seed, self.stream, blocks)
        if is_f64:
            w = (w << SHIFT32) + lane_words(self.seed, self.stream, blocks + LANE_1)
        return w[skip:skip + count]


# Quantiles ------------------------------------------------------------------------------


def octave_and_t(tail):
    if tail.dtype == np.float32:
        bits = tail.view(np.uint32)
        f = (bits & np.uint32(2**23 - 1) | np.uint32(127 << 23)).view(np.float32)
        return (bits >> np.uint32(23)).astype(np.int64) - 127 + 1, f - np.float32(1.5)
    bits = tail.view(np.uint64)
    f = (bits & np.uint64(2**52 - 1) | np.uint64(1023 << 52)).view(np.float64)
    return (bits >> np.uint64(52)).astype(np.int64) - 1023 + 33, f - np.float64(1.5)


def quantile(tail):
    """quantile32 or quantile64, by the type of 'tail'."""
    octave, t = octave_and_t(tail)
    rows = (TABLE32[octave] if tail.dtype == np.float32 else TABLE64[octave - FIRST64]).T
    z = rows[-1]
    for c in rows[-2::-1]:
        z = z * t
        z = z + c
    return z


def clamp(x, low, high):
    x = np.where(x > low, x, low)
    return np.where(x < high, x, high)


# From a distribution and words to values ------------------------------------------------


class Sampler:
    """A distribution in a type. 'numbers' holds what sections 4 to 6 compute beforehand, in
    the compute type where they say so."""

    def __init__(self, distribution, dtype):
        self.distribution = distribution
        self.is_f64 = TYPES[dtype].compute == "binary64"
        self.compute = np.float64 if self.is_f64 else np.float32
        self.bits = 64 if self.is_f64 else 32
        self.ones = np.uint64(2**self.bits - 1)
        self.kind = distribution["kind"]
        self.normal = self.kind in ("normal", "sparse normal", "orthogonal")
        self.bounded = self.kind == "truncated normal" and "low" in distribution
        self.numbers = {name: number for name, number in self.prepare()}
        infinite = self.kind == "constant" and math.isinf(distribution["value"])
        if not infinite and not self.largest() < TYPES[dtype].limit:
            raise Refused("dtype", "values of up to %g do not fit" % self.largest())

    def rounded(self, x):
        return self.compute(x) + self.compute(0)

    def prepare(self):
        d = self.distribution
        if self.kind == "constant":
            yield "value", self.rounded(d["value"])
        elif self.kind == "pattern":
            yield "value", self.rounded(d["value"])
        elif self.kind == "mapped":
            largest = max(abs(d["low"]), abs(d["high"]))
            yield "value", self.rounded(largest)
        elif self.kind == "orthogonal":
            yield "gain", self.rounded(d["gain"])
        elif self.kind == "symmetric uniform":
            yield "offset", self.compute(0)
            yield "scale", self.rounded(d["bound"])
            yield "minimum", self.rounded(-d["bound"])
            yield "maximum", self.rounded(d["bound"])
        elif self.kind == "uniform":
            yield from self.prepare_uniform(d["low"], d["high"])
        else:
            yield "offset", self.rounded(d["mean"])
            yield "scale", self.rounded(d["sigma"])
            if self.kind == "truncated normal":
                yield from self.prepare_cut(d["z_low"], d["z_high"])
            if self.bounded:
                yield "minimum", self.rounded(d["low"])
                yield "maximum", self.rounded(d["high"])

    def prepare_uniform(self, low, high):
        offset, end = self.rounded(low), self.rounded(high)
        yield "offset", offset
        if low == high:
            return
        if not offset < end:
            raise Refused("high", "low and high round to the same number")
        scale = self.rounded(np.float64(high) - np.float64(low))
        if not np.isfinite(scale):
            raise Refused("high", "high - low is not finite")
        yield "scale", scale
        yield "maximum", np.nextafter(end, self.compute(-np.inf))

    def prepare_cut(self, low, high):
        self.symmetric = low == -high
        self.in_binary32 = not self.is_f64 and self.symmetric and high >= 0.5
        yield "z_minimum", self.rounded(low)
        yield "z_maximum", self.rounded(high)
        if self.in_binary32:
            q = normal_tail(high)
            yield "q", q
            yield "tail_offset", np.float32(2.0**32 * q + (0.5 - q))
            yield "tail_scale", np.float32(1 - 2 * q)
            return
        mass = normal_mass(low, high)
        step = mass if self.is_f64 else mass * 2.0**32
        yield "step", step
        yield "lower_offset", 2.0**64 * normal_tail(-low) + step / 2
        yield "upper_offset", 2.0**64 * normal_tail(high) + step / 2

    def largest(self):
        """The largest |x| that is possible, NaN or infinity if a number is not finite."""
        n = self.numbers
        if self.kind in ("constant", "pattern", "mapped"):
            return float(abs(n["value"]))
        if self.kind == "orthogonal":
            return float(self.rounded(abs(self.distribution["gain"]) * (1 + 2.0**-10)))
        if not (np.isfinite(n["offset"]) and np.isfinite(n.get("scale", 0))):
            return math.inf
        if self.kind == "uniform":
            if np.isinf(self.rounded(self.distribution["high"])):
                return math.inf
            return float(max(abs(n["offset"]), abs(n.get("maximum", 0))))
        if self.kind == "symmetric uniform":
            return float(n["maximum"])
        if self.normal or self.in_binary32:
            z = quantile(np.array([0.5], dtype=self.compute))[0]
            z = min(z, n.get("z_maximum", z))
        else:
            z = np.abs(self.unit(np.array([0, self.ones], dtype=np.uint64))).max()
        free = float(np.abs(n["offset"]) + n["scale"] * z)
        if self.bounded:
            return min(free, float(max(abs(n["minimum"]), abs(n["maximum"]))))
        return free

    def distance(self, w):
        """m, the distance from the nearer end, and whether z is negative."""
        positive = (w >> np.uint64(self.bits - 1)) == 1
        return np.where(positive, w ^ self.ones, w), ~positive

    def tail(self, w):
        """Mass beyond |z|, ready for the quantile, and whether z is negative."""
        n = self.numbers
        if self.normal:
            m, negative = self.distance(w)
            tail = self.compute(0.5) + m.astype(self.compute)
            return np.minimum(tail, CAP64 if self.is_f64 else CAP32), negative
        if self.in_binary32:
            m, negative = self.distance(w)
            tail = n["tail_offset"] + n["tail_scale"] * m.astype(np.float32)
            return np.minimum(tail, CAP32), negative
        if self.symmetric:
            m, negative = self.distance(w)
            tail = n["lower_offset"] + n["step"] * m.astype(np.float64)
            return np.minimum(np.maximum(tail, LEAST64), CAP64), negative
        lower = n["lower_offset"] + n["step"] * w.astype(np.float64)
        upper = n["upper_offset"] + n["step"] * (w ^ self.ones).astype(np.float64)
        negative = ~(lower > 2.0**63)
        tail = np.where(negative, lower, upper)
        return np.minimum(np.maximum(tail, LEAST64), CAP64), negative

    def unit(self, w):
        """u, v, z or z': what scale and offset are applied to."""
        if "uniform" in self.kind or self.kind == "mapped":
            bits = 53 if self.is_f64 else 24
            number = (w >> np.uint64(self.bits - bits)).astype(np.int64)
            if self.kind == "symmetric uniform":
                number = number * 2 + 1 - 2**bits
            return number.astype(self.compute) * self.compute(2.0**-bits)
        tail, negative = self.tail(w)
        z = quantile(tail)
        z = np.where(negative, -z, z).astype(self.compute)
        if self.normal:
            return z
        return clamp(z, self.numbers["z_minimum"], self.numbers["z_maximum"])

    def values(self, w):
        n, d = self.numbers, self.distribution
        if self.kind == "mapped":
            u = self.unit(w).astype(np.float64)
            x = d["function"](d["offset"] + d["scale"] * u)
            return self.compute(clamp(x, d["low"], d["high"])) + self.compute(0)
        if "scale" not in n:
            return np.full(len(w), n["offset"])
        x = n["offset"] + n["scale"] * self.unit(w)
        if "minimum" in n:
            return clamp(x, n["minimum"], n["maximum"])
        return np.where(x < n["maximum"], x, n["maximum"]) if "maximum" in n else x

    def zeroed(self, numbers, words):
        """Which elements a sparse normal sets to 0."""
        rows, cols, zeros = (self.distribution[name] for name in ("rows", "cols", "zeros"))
        r, c = np.divmod(numbers, np.int64(cols))
        columns, place = np.unique(c, return_inverse=True)
        elements = np.arange(rows, dtype=np.int64)[:, None] * cols + columns
        keys = words.lane(2, elements.reshape(-1)).reshape(elements.shape)
        order = np.argsort(keys, axis=0, kind="stable")
        zeroed = np.zeros(keys.shape, dtype=bool)
        np.put_along_axis(zeroed, order[:zeros], True, axis=0)
        return zeroed[r, place]

    def elements(self, numbers, words):
        """Elements anywhere, in the compute type."""
        if self.kind == "pattern":
            return self.compute(self.distribution["at"](numbers)) + self.compute(0)
        if self.kind == "orthogonal":
            return orthogonal.elements(self.distribution, self, numbers, words)
        source = self.distribution.get("source", lambda same: same)
        x = self.values(words.of(source(numbers), self.is_f64))
        if "padding" in self.distribution:
            first, end = self.distribution["padding"]
            return np.where((numbers >= first) & (numbers < end), self.compute(0), x)
        if self.kind == "sparse normal":
            return np.where(self.zeroed(numbers, words), self.compute(0), x)
        return x
