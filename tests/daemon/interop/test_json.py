# SPDX-License-Identifier: MIT
"""Python's json and jq read the three arrangements of json: the same numbers as raw."""
import json
import subprocess

import numpy

from support import DTYPES, FLOATS, INTEGERS, Case, program, random_tensor, tensors


def spreads(dtype):
    """Standard deviations: 1, down to the subnormals, up to its largest numbers, and where
    the type's integers begin."""
    return 1.0, 10 * dtype.smallest, dtype.largest / 10, 2.0**dtype.fraction_bits


def all_values(dtype):
    """Value of every bit pattern of a small float type, as binary64; NaN and infinities NaN."""
    bits = numpy.arange(2 ** (8 * dtype.item_bytes))
    exponent = bits >> dtype.fraction_bits & (2**dtype.exponent_bits - 1)
    fraction = bits & (2**dtype.fraction_bits - 1)
    significand = fraction + numpy.where(exponent > 0, 2**dtype.fraction_bits, 0)
    scale = numpy.maximum(exponent, 1) - dtype.bias - dtype.fraction_bits
    value = numpy.ldexp(significand.astype("f8"), scale)
    value[value > dtype.largest] = numpy.nan
    return numpy.where(bits >> (dtype.exponent_bits + dtype.fraction_bits), -value, value)


# What binary64 holds all numbers of, so that the nearest one can be looked for.
SMALL = {name: all_values(DTYPES[name]) for name in FLOATS if DTYPES[name].item_bytes < 4}


def to_bits(numbers, dtype):
    """Bits of the values of the type that are nearest to the numbers."""
    numbers = numpy.array(numbers, "f8")
    if dtype not in SMALL:
        return numbers.astype(DTYPES[dtype].numpy)
    values = SMALL[dtype]
    order = numpy.argsort(values, kind="stable")
    order = order[~numpy.isnan(values[order])]
    middles = (values[order][:-1] + values[order][1:]) / 2
    below, above = (order[numpy.searchsorted(middles, numbers, side)]
                    for side in ("left", "right"))
    bits = numpy.where(below % 2 == 0, below, above)  # halfway: the even one
    zero = numpy.where(numpy.signbit(numbers), numpy.argmax(numpy.signbit(values)), 0)
    return numpy.where(values[bits] == 0, zero, bits).astype(
        f"<u{DTYPES[dtype].item_bytes}")


def flattened(data):
    return [x for part in data for x in flattened(part)] if isinstance(data, list) else [data]


def float_tensors():
    for dtype in FLOATS:
        for std in spreads(DTYPES[dtype]):
            yield random_tensor(dtype, std=repr(std), shape="23,7,5")
    for tensor in tensors():
        if tensor["dtype"] in FLOATS:
            yield tensor


class Json(Case):
    def documents(self, tensor):
        """The three, with the numbers of each in one array."""
        nested, flat, whole = (json.loads(self.get(tensor, format="json", json=kind))
                               for kind in ("nested", "flat", "object"))
        if self.raw(tensor).size:
            self.assertEqual(numpy.array(nested).shape, self.raw(tensor).shape)
        self.assertEqual({key: whole[key] for key in ("shape", "dtype", "scheme")},
                         {"shape": list(self.raw(tensor).shape), "dtype": tensor["dtype"],
                          "scheme": tensor["scheme"]})
        self.assertEqual((whole["seed"], whole["name"]),
                         (tensor.get("seed", "0"), tensor.get("name", "")))
        return flattened(nested), flat, whole["data"]

    def test_floats_to_the_bit(self):
        for tensor in float_tensors():
            with self.subTest(**tensor):
                raw = self.raw(tensor).tobytes()
                for numbers in self.documents(tensor):
                    self.assertEqual(to_bits(numbers, tensor["dtype"]).tobytes(), raw)

    def test_integers(self):
        for tensor in tensors():
            if tensor["dtype"] in INTEGERS:
                wanted = self.raw(tensor).ravel().tolist()
                if DTYPES[tensor["dtype"]].item_bytes == 8:  # no other reader of json has 64 bits
                    wanted = [str(number) for number in wanted]
                for numbers in self.documents(tensor):
                    self.assertEqual(numbers, wanted)

    def test_jq(self):
        jq = program("jq")
        filters = {"nested": "flatten", "flat": ".", "object": ".data"}
        found = [tensor for tensor in float_tensors() if tensor["shape"] != "scalar"]
        for kind, filter_text in filters.items():
            bodies = [self.get(tensor, format="json", json=kind) for tensor in found]
            done = subprocess.run([jq, "-c", filter_text], input=b"\n".join(bodies), check=True,
                                  capture_output=True, timeout=60)
            for tensor, line in zip(found, done.stdout.splitlines(), strict=True):
                with self.subTest(kind=kind, **tensor):
                    numbers = json.loads(line, parse_int=float)  # it writes -0
                    self.assertEqual(to_bits(numbers, tensor["dtype"]).tobytes(),
                                     self.raw(tensor).tobytes())
