# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Bodies": json, and the decimals that the canonical query has as well."""
import math
from fractions import Fraction

import numpy as np

from tables import FLOATS, TYPES

SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r",
         "\t": "\\t"}


def json_string(text):
    return '"%s"' % "".join(
        SHORT.get(c, c if c >= " " else "\\u%04x" % ord(c)) for c in text)


def shortest_digits(value, k, exponent_min):
    """(digits, p) with value = 0.digits * 10^p, of a positive float with k bits after the
    point whose smallest normal number is 2^exponent_min."""
    value = Fraction(value)
    exponent = max(math.frexp(float(value))[1] - 1, exponent_min)
    step = Fraction(2) ** (exponent - k)
    even = value / step % 2 == 0
    # Below a power of two the neighbour is half as far, but for the smallest normal number.
    power = value == Fraction(2) ** exponent and exponent > exponent_min
    low, high = value - step / (4 if power else 2), value + step / 2
    p = len(str(math.floor(value))) if value >= 1 else 0
    while value < Fraction(10) ** (p - 1):
        p -= 1
    for count in range(1, 20):
        unit = Fraction(10) ** (p - count)
        below = math.floor(value / unit)
        inside = [n for n in (below, below + 1)
                  if low < n * unit < high or even and n * unit in (low, high)]
        if inside:
            best = min(inside, key=lambda n: (abs(n * unit - value), n % 2))
            digits = str(best)
            return digits.rstrip("0"), p + len(digits) - count
    raise ArithmeticError


def decimal(value, k, exponent_min):
    """A float of any type as Python's repr writes it."""
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return sign + "0.0"
    if (k, exponent_min) == (52, -1022):
        return repr(float(value))
    digits, p = shortest_digits(abs(float(value)), k, exponent_min)
    if not -3 <= p <= 16:
        point = "." if len(digits) > 1 else ""
        return "%s%s%s%se%+03d" % (sign, digits[0], point, digits[1:], p - 1)
    if p <= 0:
        return sign + "0." + "0" * -p + digits
    digits = digits.ljust(p, "0")
    return sign + digits[:p] + "." + (digits[p:] or "0")


def widened(data, dtype):
    """Elements of a float type, as bytes -> numbers."""
    if dtype in ("f32", "f64"):
        return np.frombuffer(data, "<f4" if dtype == "f32" else "<f8").astype(np.float64)
    k, a = FLOATS[dtype]
    size = TYPES[dtype].bytes
    bits = np.frombuffer(data, "<u%d" % size).astype(np.int64)
    magnitude = bits & 2 ** (8 * size - 1) - 1
    field = magnitude >> k
    r = np.where(field > 0, (magnitude & 2**k - 1) + 2**k, magnitude)
    value = np.ldexp(r.astype(np.float64), np.maximum(field - 1, 0) + a - k)
    return np.where(bits >> 8 * size - 1, -value, value)


def texts(tensor):
    """Each element as JSON."""
    data, dtype = tensor.elements(), tensor.dtype
    if TYPES[dtype].compute != "integer":
        k, a = {"f32": (23, -126), "f64": (52, -1022)}.get(dtype) or FLOATS[dtype]
        return [decimal(value, k, a) for value in widened(data, dtype)]
    if dtype == "bool":
        return ["true" if byte else "false" for byte in data]
    quote = '"' if TYPES[dtype].bytes == 8 else ""
    return ["%s%d%s" % (quote, number, quote)
            for number in np.frombuffer(data, TYPES[dtype].descr)]


def nested(items, shape):
    if not shape:
        return next(items)
    return "[" + ",".join(nested(items, shape[1:]) for _ in range(shape[0])) + "]"


def json_body(tensor):
    items = texts(tensor)
    layout = tensor.p["json"]
    if layout == "nested":
        text = nested(iter(items), tensor.shape)
    else:
        text = "[" + ",".join(items) + "]"
    if layout == "object":
        text = '{"shape":[%s],"dtype":"%s","scheme":"%s","seed":"%d","name":%s,"data":%s}' % (
            ",".join(map(str, tensor.shape)), tensor.dtype, tensor.p.scheme, tensor.seed,
            json_string(tensor.name), text)
    return (text + "\n").encode("utf-8")
