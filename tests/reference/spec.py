#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/SPEC.md in numpy, to check that page and whoever implements it.

Written from the page, whose tables it reads; shares nothing with the C code. Needs Python 3.8
and numpy.

    spec.py 'shape=2,3&seed=1'   writes the body to standard output
    spec.py --check TABLE        compares with a table such as docs/conformance.tsv
    spec.py --refused LIST       checks that each query of a list is refused
    spec.py --canonical LIST     checks canonical queries and entity tags of a list
    spec.py --table              queries on standard input -> a table on standard output
"""
import hashlib
import math
import struct
import sys

import numpy as np

from canonical import canonical_query, entity_tag
from jsontext import json_body, json_string
from request import Parameters, Refused
from special import normal_mass, normal_tail
from tables import FLOATS, PHILOX_M, PHILOX_W, TABLE32, TABLE64, TYPES

LOW32 = np.uint64(2**32 - 1)
SHIFT32 = np.uint64(32)
LANE_1 = np.uint64(2**62)

# The last numbers below one half, as tails in units of 2^-32 and 2^-64.
CAP32 = np.float32(2**31 - 2**7)
CAP64 = np.float64(2**63 - 2**10)


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
    rows = (TABLE32 if tail.dtype == np.float32 else TABLE64)[octave].T
    z = rows[-1]
    for c in rows[-2::-1]:
        z = z * t
        z = z + c
    return z


def clamp(x, low, high):
    x = np.where(x > low, x, low)
    return np.where(x < high, x, high)


# From a distribution and words to values ------------------------------------------------


class Draw:
    """A distribution in a type. 'numbers' holds what sections 4 to 6 compute beforehand, in
    the compute type where they say so."""

    def __init__(self, distribution, dtype):
        self.distribution = distribution
        self.wide = TYPES[dtype].compute == "binary64"
        self.compute = np.float64 if self.wide else np.float32
        self.bits = 64 if self.wide else 32
        self.ones = np.uint64(2**self.bits - 1)
        self.kind = distribution["kind"]
        self.bounded = self.kind == "truncated normal" and "low" in distribution
        self.numbers = {name: number for name, number in self.prepare()}
        if not self.largest() < TYPES[dtype].limit:
            raise Refused("dtype", "values of up to %g do not fit" % self.largest())

    def rounded(self, x):
        return self.compute(x) + self.compute(0)

    def prepare(self):
        d = self.distribution
        if self.kind == "constant":
            yield "value", self.rounded(d["value"])
        elif self.kind == "symmetric uniform":
            yield "offset", self.compute(0)
            yield "scale", self.rounded(d["bound"])
            yield "least", self.rounded(-d["bound"])
            yield "most", self.rounded(d["bound"])
        elif self.kind == "uniform":
            low, high = d["low"], d["high"]
            if not self.rounded(low) < self.rounded(high):
                raise Refused("high", "not above low")
            yield "offset", self.rounded(low / 2 + high / 2)
            yield "scale", self.rounded(high / 2 - low / 2)
            yield "least", self.rounded(low)
            yield "most", np.nextafter(self.rounded(high), self.compute(-np.inf))
        else:
            yield "offset", self.rounded(d["mean"])
            yield "scale", self.rounded(d["sigma"])
            if self.kind == "truncated normal":
                yield from self.prepare_cut(d["z_low"], d["z_high"])
            if self.bounded:
                yield "least", self.rounded(d["low"])
                yield "most", self.rounded(d["high"])

    def prepare_cut(self, low, high):
        self.symmetric = low == -high
        self.in_binary32 = not self.wide and self.symmetric and high >= 0.5
        yield "z_least", self.rounded(low)
        yield "z_most", self.rounded(high)
        if self.in_binary32:
            q = normal_tail(high)
            yield "q", q
            yield "tail_offset", np.float32(2.0**32 * q + (0.5 - q))
            yield "tail_scale", np.float32(1 - 2 * q)
            return
        mass = normal_mass(low, high)
        step = mass if self.wide else mass * 2.0**32
        yield "step", step
        yield "lower_offset", 2.0**64 * normal_tail(-low) + step / 2
        yield "upper_offset", 2.0**64 * normal_tail(high) + step / 2

    def largest(self):
        """The largest |x| that is possible, NaN or infinity if a number is not finite."""
        n = self.numbers
        if self.kind == "constant":
            return float(abs(n["value"]))
        if not (np.isfinite(n["offset"]) and np.isfinite(n["scale"])):
            return math.inf
        if self.kind == "uniform" and np.isinf(self.rounded(self.distribution["high"])):
            return math.inf
        if "uniform" in self.kind:
            return float(max(abs(n["least"]), abs(n["most"])))
        if self.kind == "normal" or self.in_binary32:
            z = quantile(np.array([0.5], dtype=self.compute))[0]
            z = min(z, n.get("z_most", z))
        else:
            z = np.abs(self.unit(np.array([0, self.ones], dtype=np.uint64))).max()
        free = float(np.abs(n["offset"]) + n["scale"] * z)
        if self.bounded:
            return min(free, float(max(abs(n["least"]), abs(n["most"]))))
        return free

    def distance(self, w):
        """m, the distance from the nearer end, and whether z is negative."""
        positive = (w >> np.uint64(self.bits - 1)) == 1
        return np.where(positive, w ^ self.ones, w), ~positive

    def tail(self, w):
        """Mass beyond |z|, ready for the quantile, and whether z is negative."""
        n = self.numbers
        if self.kind == "normal":
            m, negative = self.distance(w)
            tail = self.compute(0.5) + m.astype(self.compute)
            return np.minimum(tail, CAP64 if self.wide else CAP32), negative
        if self.in_binary32:
            m, negative = self.distance(w)
            tail = n["tail_offset"] + n["tail_scale"] * m.astype(np.float32)
            return np.minimum(tail, CAP32), negative
        if self.symmetric:
            m, negative = self.distance(w)
            tail = n["lower_offset"] + n["step"] * m.astype(np.float64)
            return np.minimum(tail, CAP64), negative
        lower = n["lower_offset"] + n["step"] * w.astype(np.float64)
        upper = n["upper_offset"] + n["step"] * (w ^ self.ones).astype(np.float64)
        negative = ~(lower > 2.0**63)
        return np.minimum(np.where(negative, lower, upper), CAP64), negative

    def unit(self, w):
        """v, z or z': what scale and offset are applied to."""
        if "uniform" in self.kind:
            kept = 53 if self.wide else 24
            odd = (w >> np.uint64(self.bits - kept)).astype(np.int64) * 2 + 1 - 2**kept
            return odd.astype(self.compute) * self.compute(2.0**-kept)
        tail, negative = self.tail(w)
        z = quantile(tail)
        z = np.where(negative, -z, z).astype(self.compute)
        if self.kind == "normal":
            return z
        return clamp(z, self.numbers["z_least"], self.numbers["z_most"])

    def values(self, w):
        x = self.numbers["offset"] + self.numbers["scale"] * self.unit(w)
        if "least" in self.numbers:
            x = clamp(x, self.numbers["least"], self.numbers["most"])
        return x


def encode(x, dtype):
    """Values in the compute type -> bytes of the elements."""
    size, compute = TYPES[dtype][:2]
    if dtype in ("f32", "f64") or compute == "whole":
        return x.astype("<f%d" % size if compute != "whole" else x.dtype).tobytes()
    k, a = FLOATS[dtype]
    wide = np.abs(x.astype(np.float64))
    u = np.where(wide > 0, np.maximum(np.frexp(wide)[1] - 1, a), a)
    r = np.rint(np.ldexp(wide, k - u))
    bits = ((u - a) * 2**k + r).astype(np.int64) | np.signbit(x).astype(np.int64) << 8 * size - 1
    return bits.astype("<u%d" % size).tobytes()


# Parts ----------------------------------------------------------------------------------


def places(p):
    """The places that are taken of each axis of the permuted tensor, an int for an index; and
    the permutation."""
    shape = p["shape"]
    rank = len(shape)
    axes = [axis + rank if axis < 0 else axis for axis in p.values.get("permute", range(rank))]
    if sorted(axes) != list(range(rank)):
        raise Refused("permute", "does not name each axis once")
    taken = [range(shape[axis]) for axis in axes]
    if "slice" in p and "shard" in p:
        raise Refused("shard", "not with slice")
    items = list(p.values.get("slice", []))
    missing = rank - len([item for item in items if item is not Ellipsis])
    if missing < 0:
        raise Refused("slice", "has more items than there are axes")
    at = items.index(Ellipsis) if Ellipsis in items else len(items)
    items[at:at + 1] = [slice(None)] * missing
    for axis, item in enumerate(items):
        try:
            taken[axis] = taken[axis][item]
        except IndexError as error:
            raise Refused("slice", "index outside the axis") from error
    for axis, index, count in p.values.get("shard", []):
        if not -rank <= axis < rank:
            raise Refused("shard", "no such axis")
        size = -(-len(taken[axis]) // count)
        taken[axis] = taken[axis][index * size:(index + 1) * size]
    return taken, axes


def numbers_of(taken, axes, shape):
    """Numbers of the elements of a part, in its row-major order."""
    strides = [math.prod(shape[axis + 1:]) for axis in range(len(shape))]
    numbers = np.zeros(1, dtype=np.int64)
    for place, axis in zip(taken, axes):
        place = [place] if isinstance(place, int) else place
        steps = np.arange(place.start, place.stop, place.step, dtype=np.int64) \
            if isinstance(place, range) else np.array(place, dtype=np.int64)
        numbers = (numbers[:, None] + steps * strides[axis]).reshape(-1)
    return numbers


# Bodies ---------------------------------------------------------------------------------


class Tensor:
    """A request, resolved. Raises Refused."""

    def __init__(self, query):
        self.p = p = Parameters(query.encode("ascii"))
        self.full_shape, self.dtype, self.format = p["shape"], p["dtype"], p["format"]
        self.seed, self.name, self.stream = p["seed"], p["name"], stream_of(p["name"])
        self.elem_bytes = TYPES[self.dtype].bytes
        if math.prod(dim for dim in self.full_shape if dim) * self.elem_bytes >= 2**63:
            raise Refused("shape", "larger than 2^63 - 1 bytes")
        if "json" in p and self.format != "json":
            raise Refused("json", "not with format=" + self.format)
        self.taken, self.axes = places(p)
        self.shape = tuple(len(place) for place in self.taken if isinstance(place, range))
        self.elems = math.prod(self.shape)
        with np.errstate(all="ignore"):
            self.constant = None
            distribution = p.distribution()
            if TYPES[self.dtype].compute == "whole":
                self.constant = self.whole_constant(distribution)
            else:
                self.draw = Draw(distribution, self.dtype)
                if self.draw.kind == "constant":
                    self.constant = self.draw.numbers["value"]
        header = {"npy": self.npy_header, "safetensors": self.safetensors_header}
        self.header = header.get(self.format, bytes)()
        if len(self.header) + self.elems * self.elem_bytes >= 2**63:
            raise Refused("shape", "larger than 2^63 - 1 bytes")

    def whole_constant(self, distribution):
        if distribution["kind"] != "constant":
            raise Refused("dtype", "%s is for constants" % self.dtype)
        whole = distribution["whole"]
        numpy_type = np.dtype("?" if self.dtype == "bool" else TYPES[self.dtype].descr)
        least, most = (0, 1) if self.dtype == "bool" else \
            (np.iinfo(numpy_type).min, np.iinfo(numpy_type).max)
        if whole is None or not least <= whole <= most:
            raise Refused("value", "not of dtype=" + self.dtype)
        return numpy_type.type(whole)

    def safetensors_header(self):
        if self.name == "__metadata__":
            raise Refused("name", "not in a safetensors file")
        text = '{"__metadata__":{"format":"pt"},%s:{"dtype":"%s","shape":[%s],' % (
            json_string(self.name or "tensor"), TYPES[self.dtype].safetensors,
            ",".join(map(str, self.shape)))
        text += '"data_offsets":[0,%d]}}' % (self.elems * self.elem_bytes)
        data = text.encode("utf-8")
        data += b" " * (-len(data) % 8)
        return struct.pack("<Q", len(data)) + data

    def npy_header(self):
        text = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (
            TYPES[self.dtype].descr, repr(self.shape))
        if self.shape:
            text += " " * (21 - len(str(self.shape[0])))
        text += " " * (1 + -(10 + len(text) + 2) % 64) + "\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("ascii")

    def words_of(self, numbers):
        """Words of elements anywhere."""
        def lane(number):
            blocks = (numbers >> 2).astype(np.uint64) + np.uint64(number * 2**62)
            four = lane_words(self.seed, self.stream, blocks).reshape(-1, 4)
            return four[np.arange(len(numbers)), numbers & 3]

        return (lane(0) << SHIFT32) + lane(1) if self.draw.wide else lane(0)

    def words(self, first, count):
        """Words of neighbours."""
        block, skip = divmod(first, 4)
        blocks = (skip + count + 3) // 4
        blocks = np.arange(blocks, dtype=np.uint64) + np.uint64(block)
        w = lane_words(self.seed, self.stream, blocks)
        if self.draw.wide:
            w = (w << SHIFT32) + lane_words(self.seed, self.stream, blocks + LANE_1)
        return w[skip:skip + count]

    def values(self, first, count):
        """Elements [first, first + count) of the full tensor in the compute type."""
        with np.errstate(all="ignore"):
            return self.draw.values(self.words(first, count))

    def elements(self):
        """All elements that are asked for, as bytes."""
        if self.elems == 0:
            return b""
        if self.constant is not None:
            return encode(np.full(self.elems, self.constant), self.dtype)
        if self.shape == self.full_shape and self.axes == list(range(len(self.axes))) \
                and all(place.step > 0 for place in self.taken):
            return encode(self.values(0, self.elems), self.dtype)
        with np.errstate(all="ignore"):
            numbers = numbers_of(self.taken, self.axes, self.full_shape)
            return encode(self.draw.values(self.words_of(numbers)), self.dtype)

    def body(self):
        if self.format == "json":
            return json_body(self)
        return self.header + self.elements()

    def row(self):
        """What a conformance table says of it: its first values, its digest."""
        body = self.body()
        first = body[len(self.header):][:4 * self.elem_bytes] if self.format != "json" else b""
        return [first.hex(), hashlib.sha256(body).hexdigest()]


# Command --------------------------------------------------------------------------------


def answer(query):
    try:
        return Tensor(query).row()
    except Refused as error:
        return ["refused", str(error)]


def refusal(query):
    try:
        Tensor(query)
        return ["accepted"]
    except Refused as error:
        return [error.field]


def canonical(query):
    tensor = Tensor(query)
    text = canonical_query(tensor.p, tensor.taken, tensor.axes)
    return [text, entity_tag(text)]


def compare(path, function):
    """Whether all rows of a table, query and expectation, are as 'function' says."""
    with open(path, encoding="ascii") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    wrong = 0
    for query, *expected in rows:
        got = function(query)
        if got != expected:
            wrong += 1
            if wrong <= 5:
                print("%s\n  expected %s\n  got      %s" % (query, expected, got))
    print("%s: %d of %d agree" % (path, len(rows) - wrong, len(rows)))
    return 0 if rows and wrong == 0 else 1


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--check":
        return compare(arguments[1], answer)
    if len(arguments) == 2 and arguments[0] == "--refused":
        return compare(arguments[1], refusal)
    if len(arguments) == 2 and arguments[0] == "--canonical":
        return compare(arguments[1], canonical)
    if arguments == ["--table"]:
        for line in sys.stdin:
            query = line.rstrip("\n")
            print(query, *Tensor(query).row(), sep="\t")
        return 0
    if len(arguments) == 1 and not arguments[0].startswith("-"):
        try:
            sys.stdout.buffer.write(Tensor(arguments[0]).body())
            return 0
        except Refused as error:
            print("spec.py: %s" % error, file=sys.stderr)
            return 1
    print(__doc__.strip(), file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
