# SPDX-License-Identifier: MIT
"""Python's json and jq read the three arrangements of json: the same numbers as raw."""
import json
import subprocess

import numpy

from support import FLOATS, WHOLE, Case, program, random_tensor, tensors

# Standard deviations down to the subnormals of each type and up to its largest values.
SPREADS = {"f32": ["1", "1e-40", "1e30", "1e7"], "f64": ["1", "1e-310", "1e300", "1e16"],
           "f16": ["1", "1e-6", "3000"], "bf16": ["1", "1e-40", "1e30"],
           "f8_e4m3": ["1", "0.01", "60"], "f8_e5m2": ["1", "1e-4", "9000"]}


def all_values(exponent_bits, fraction_bits, has_infinity=True):
    """Value of every bit pattern of a small float type, as binary64; NaN and infinities NaN."""
    bits = numpy.arange(2 ** (1 + exponent_bits + fraction_bits))
    exponent = bits >> fraction_bits & (2**exponent_bits - 1)
    fraction = bits & (2**fraction_bits - 1)
    significand = fraction + numpy.where(exponent > 0, 2**fraction_bits, 0)
    scale = numpy.maximum(exponent, 1) - (2 ** (exponent_bits - 1) - 1) - fraction_bits
    value = numpy.ldexp(significand.astype("f8"), scale)
    top = exponent == 2**exponent_bits - 1
    value[top if has_infinity else top & (fraction == 2**fraction_bits - 1)] = numpy.nan
    return numpy.where(bits >> (exponent_bits + fraction_bits), -value, value)


SMALL = {"f16": all_values(5, 10), "bf16": all_values(8, 7), "f8_e5m2": all_values(5, 2),
         "f8_e4m3": all_values(4, 3, has_infinity=False)}


def to_bits(numbers, dtype):
    """Bits of the values of the type that are nearest to the numbers."""
    numbers = numpy.array(numbers, "f8")
    if dtype not in SMALL:
        return numbers.astype({"f32": "<f4", "f64": "<f8"}[dtype])
    values = SMALL[dtype]
    order = numpy.argsort(values, kind="stable")
    order = order[~numpy.isnan(values[order])]
    middles = (values[order][:-1] + values[order][1:]) / 2
    below, above = (order[numpy.searchsorted(middles, numbers, side)]
                    for side in ("left", "right"))
    bits = numpy.where(below % 2 == 0, below, above)  # halfway: the even one
    zero = numpy.where(numpy.signbit(numbers), numpy.argmax(numpy.signbit(values)), 0)
    return numpy.where(values[bits] == 0, zero, bits).astype(f"<u{2 if '16' in dtype else 1}")


def flattened(data):
    return [x for part in data for x in flattened(part)] if isinstance(data, list) else [data]


def float_tensors():
    for dtype in FLOATS:
        for std in SPREADS[dtype]:
            yield random_tensor(dtype, std=std, shape="23,7,5")
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
            if tensor["dtype"] in WHOLE:
                wanted = self.raw(tensor).ravel().tolist()
                if "64" in tensor["dtype"]:  # no other reader of json has 64 bits
                    wanted = [str(number) for number in wanted]
                for numbers in self.documents(tensor):
                    self.assertEqual(numbers, wanted)

    def test_jq(self):
        jq = program("jq")
        filters = {"nested": "flatten", "flat": ".", "object": ".data"}
        for tensor in float_tensors():
            if tensor["shape"] == "scalar":
                continue
            raw = self.raw(tensor)
            for kind, filter_text in filters.items():
                with self.subTest(kind=kind, **tensor):
                    body = self.get(tensor, format="json", json=kind)
                    done = subprocess.run([jq, "-c", filter_text], input=body, check=True,
                                          capture_output=True, timeout=60)
                    numbers = json.loads(done.stdout, parse_int=float)  # it writes -0
                    self.assertEqual(to_bits(numbers, tensor["dtype"]).tobytes(), raw.tobytes())
