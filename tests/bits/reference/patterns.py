# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Rules": the patterns. A pattern is a dict of 'value', its largest element,
'integer', the same exactly or None, 'field', the parameter that says it, and 'at', a function from
numbers of elements to their values in binary64."""
import math

import numpy as np

from fans import axes_of
from refused import Refused


def of_rank(p, minimum, maximum=None):
    shape = p["shape"]
    if not minimum <= len(shape) <= (maximum or minimum):
        raise Refused("shape", "not of a rank that %s has" % p.scheme)
    return shape


def matrix_axes(p, minimum, maximum):
    """The axes of batch_axis, and all others, in their order."""
    batch = sorted(axes_of(p, "batch_axis", p["batch_axis"] if "batch_axis" in p else []))
    others = [axis for axis in range(len(p["shape"])) if axis not in batch]
    if not minimum <= len(others) <= maximum:
        raise Refused("shape", "not of a rank that %s has" % p.scheme)
    return batch, others


def places(numbers, shape):
    """Numbers of elements -> an array for each axis."""
    found = []
    for dim in shape[::-1]:
        numbers, place = np.divmod(numbers, dim)
        found.insert(0, place)
    return found


def pattern(shape, value, integer, field, function):
    """'function' from arrays of places to values in units of 'value'."""
    return {"kind": "pattern", "value": value, "integer": integer, "field": field,
            "at": lambda numbers: value * np.float64(function(*places(numbers, shape)))}


def identity(p):
    gain = p["gain"]
    integer = int(gain) if gain == math.floor(gain) and abs(gain) < 2**53 else None
    *_, row, column = matrix_axes(p, 2, 32)[1]
    return pattern(p["shape"], gain, integer, "gain", lambda *at: at[row] == at[column])


def dirac(p):
    shape = of_rank(p, 3, 5)
    if shape[0] % p["groups"]:
        raise Refused("groups", "does not divide the first dim")
    per_group = shape[0] // p["groups"]

    def ones(o, c, *k):
        middle = [place == dim // 2 for place, dim in zip(k, shape[2:])]
        return np.logical_and.reduce([c == o % per_group, *middle])

    return pattern(shape, 1.0, 1, "value", ones)


def hadamard(p):
    shape = p["shape"]
    row, column = matrix_axes(p, 2, 2)[1]
    if shape[row] <= shape[column]:
        return pattern(shape, 1.0, 1, "value", lambda *at: at[row] == at[column])
    order = 1
    while order < shape[row]:
        order *= 2

    def signs(*at):
        both = at[row] & at[column]
        for shift in (32, 16, 8, 4, 2, 1):
            both = both ^ both >> shift
        return 1 - 2 * (both & 1)

    return pattern(shape, 1 / math.sqrt(order), None, "dtype", signs)


def forget_bias(p):
    (size,) = shape = of_rank(p, 1)
    if size % 4:
        raise Refused("shape", "not a multiple of 4")
    value, integer = p["value"]
    return pattern(shape, value, integer, "value", lambda i: i // (size // 4) == 1)


def bilinear(p):
    shape = of_rank(p, 4)
    k = shape[3]
    if shape[2] != k:
        raise Refused("shape", "the last two dims differ")
    f = -(-k // 2)

    def slope(x):
        return 1 - np.abs(x / np.float64(f) - (k - 1) / (2 * f))

    return pattern(shape, 1.0, None, "dtype", lambda o, i, y, x: slope(x) * slope(y))


PATTERNS = {"identity": identity, "dirac": dirac, "hadamard": hadamard,
            "forget bias": forget_bias, "bilinear": bilinear}
