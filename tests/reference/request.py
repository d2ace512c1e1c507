# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "From the request to a distribution": query text -> parameters -> fans and
distribution, the latter as a dict of its kind and its numbers."""
import math
import re

import numpy as np

from special import tau
from tables import ALIASES, AXES, PARAMETERS, SCHEMES


class Refused(ValueError):
    """A request that the specification calls an error; 'field' is the parameter at fault."""

    def __init__(self, field, text):
        super().__init__("%s: %s" % (field, text))
        self.field = field


# Query and values -----------------------------------------------------------------------


def decode(data):
    def byte(match):
        if not re.fullmatch(rb"%[0-9A-Fa-f]{2}", match[0]):
            raise ValueError("broken percent-encoding")
        return bytes([int(match[0][1:], 16)])

    return re.sub(rb"%.{0,2}", byte, data.replace(b"+", b" "), flags=re.S)


def read_whole(text, least=0, most=2**64 - 1):
    if not re.fullmatch(rb"[0-9]+", text) or not least <= int(text) <= most:
        raise ValueError
    return int(text)


def read_seed(text):
    if re.fullmatch(rb"0[xX][0-9A-Fa-f]{1,16}", text):
        return int(text[2:], 16)
    if text.startswith(b"-"):
        return -read_whole(text[1:], most=2**63) % 2**64
    return read_whole(text)


def read_number(text):
    form = rb"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
    if len(text) > 1100 or not re.fullmatch(form, text):
        raise ValueError
    value = float(text)  # Python rounds correctly
    if math.isinf(value):
        raise ValueError
    return value


def is_cut(low, high):
    return low <= 6 and high >= -6 and high - low >= 0.000001


def read_int(text):
    if not re.fullmatch(rb"[+-]?[0-9]+", text) or not -2**63 <= int(text) < 2**63:
        raise ValueError
    return int(text)


def read_constant(text):
    """The number, and the same exactly if it is whole, else None."""
    number = read_number(text)
    whole = re.fullmatch(rb"[+-]?[0-9]+", text) and abs(int(text)) < 2**64
    return number, int(text) if whole else None


def read_permute(text):
    axes = [read_int(axis) for axis in text.split(b",")]
    if len(axes) > 32:
        raise ValueError
    return axes


def read_slice(text):
    """A list of slices, indices and Ellipses, as numpy takes them."""
    items = []
    for item in text.split(b","):
        ends = item.split(b":")
        if item == b"...":
            items.append(Ellipsis)
        elif len(ends) == 1:
            items.append(read_int(item))
        elif len(ends) <= 3:
            start, stop, step = ([read_int(end) if end else None for end in ends] + [None])[:3]
            if step in (0, -2**63):
                raise ValueError
            items.append(slice(start, stop, step))
        else:
            raise ValueError
    if len(items) > 33 or items.count(Ellipsis) > 1:
        raise ValueError
    return items


def read_shard(text):
    """(axis, index, count) of each item."""
    shards = []
    for item in text.split(b","):
        found = re.fullmatch(rb"([^:]*):([^/]*)/(.*)", item, flags=re.S)
        if not found:
            raise ValueError
        axis, index, count = read_int(found[1]), read_whole(found[2]), read_whole(found[3])
        if not index < count:
            raise ValueError
        shards.append((axis, index, count))
    if len(shards) > 64:
        raise ValueError
    return shards


def read_truncation(text):
    if text == b"none":
        return -math.inf, math.inf
    if b"," in text:
        low, high = text.split(b",", 1)
        low = -math.inf if low == b"-inf" else read_number(low)
        high = math.inf if high == b"inf" else read_number(high)
    else:
        high = read_number(text)
        low = -high
    if not is_cut(low, high):
        raise ValueError
    return low, high


def read_shape(text):
    dims = [] if text == b"scalar" else text.split(b",")
    if len(dims) > 32:
        raise ValueError
    return tuple(read_whole(dim) for dim in dims)


def read_text(text):
    if len(text) > 1024 or b"\0" in text:
        raise ValueError
    return text.decode("utf-8")  # strict: an error is a ValueError


def read_word(text, words):
    word = text.decode("ascii")
    if word not in words:
        raise ValueError
    return word


def read_scheme(text):
    word = read_word(text, {**SCHEMES, **ALIASES})
    return ALIASES.get(word, word)


READERS = {
    "count": lambda text: read_whole(text, 1),
    "number": read_number,
    "flag": lambda text: read_word(text, ("true", "1", "false", "0")) in ("true", "1"),
    "shape": read_shape,
    "seed": read_seed,
    "text": read_text,
    "scheme": read_scheme,
    "truncation": read_truncation,
    "constant": read_constant,
    "permute": read_permute,
    "slice": read_slice,
    "shard": read_shard,
}


def read_value(name, text):
    form, words, _, _ = PARAMETERS[name]
    return read_word(text, words) if form == "choice" else READERS[form](text)


def read_query(query):
    """The parameters given: name -> value."""
    given = {}
    for pair in query.split(b"&") if query else []:
        key, equals, text = pair.partition(b"=")
        try:
            name = decode(key).decode("latin-1")
        except ValueError as error:
            raise Refused("query", "a broken name") from error
        if name not in PARAMETERS:
            raise Refused(name or "query", "no such parameter")
        if not equals:
            raise Refused(name, "without a value")
        if name in given:
            raise Refused(name, "given twice")
        try:
            given[name] = read_value(name, decode(text))
        except ValueError as error:
            raise Refused(name, "not of its form") from error
    return given


class Parameters:
    """p["name"]: what was given, else what holds by default; "name" in p: whether given."""

    def __init__(self, query):
        self.given = read_query(query)
        if "shape" not in self.given:
            raise Refused("shape", "required")
        self.scheme = self.given.get("scheme", "he_normal")
        self.rule, fixed, defaults, takes = SCHEMES[self.scheme]
        for name in self.given:
            group = PARAMETERS[name][3]
            if group != "every scheme" and not takes & {name, group}:
                raise Refused(name, "does not apply to " + self.scheme)
        self.values = {"seed": 0, "name": "", "dtype": "f32", "format": "raw", "json": "nested",
                       "layout": "oi", "groups": 1, "transposed": False, "slope": 0.01,
                       **{name: read_value(name, text.encode())
                          for name, text in {**fixed, **defaults}.items()}, **self.given}

    def __getitem__(self, name):
        return self.values[name]

    def __contains__(self, name):
        return name in self.given

    def distribution(self):
        return RULES[self.rule](self)


# Fans -----------------------------------------------------------------------------------


def fans(p):
    """fan_in and fan_out, None for one that does not exist."""
    shape = p["shape"]
    found = [None, None]
    if len(shape) < 2 or ("fan_in" in p and "fan_out" in p):
        for name in ("layout", "groups", "transposed"):
            if name in p:
                raise Refused(name, "no fan is taken from the shape")
    else:
        into, out, grouped = (axis % len(shape) for axis in AXES[p["layout"], p["transposed"]])
        dims = list(shape)
        if dims[grouped] % p["groups"]:
            raise Refused("groups", "does not divide dim %d" % grouped)
        dims[grouped] //= p["groups"]
        rest = math.prod(dim for i, dim in enumerate(dims) if i not in (into, out))
        found = [dims[into] * rest, dims[out] * rest]
    return [p[name] if name in p else fan for name, fan in zip(("fan_in", "fan_out"), found)]


def selected_fan(p):
    fan_in, fan_out = fans(p)
    mode = p["mode"]
    needed = {"fan_in": [fan_in], "fan_out": [fan_out]}.get(mode, [fan_in, fan_out])
    if None in needed:
        raise Refused("shape", "has no fan for mode=" + mode)
    needed = [float(fan) for fan in needed]
    if mode == "fan_avg":
        return (needed[0] + needed[1]) / 2
    if mode == "fan_geo_avg":
        return math.sqrt(needed[0] * needed[1])
    return needed[0]


# Rules ----------------------------------------------------------------------------------


def divided(a, b):
    """a / b as IEEE 754 has it, overflow included (Python's own raises an exception)."""
    with np.errstate(over="ignore"):
        return float(np.float64(a) / np.float64(b))


def not_negative(p, name):
    if not p[name] >= 0:
        raise Refused(name, "negative")
    return p[name]


def cut(p, mean, std):
    low, high = p["truncation"]
    if math.isinf(low) and math.isinf(high):
        return {"kind": "normal", "mean": mean, "sigma": std}
    if p["corrected"]:
        if low != -high:
            raise Refused("corrected", "the cut is not symmetric")
        std = divided(std, tau(high))
    return {"kind": "truncated normal", "mean": mean, "sigma": std,
            "z_low": low, "z_high": high}


def rule_variance(p):
    n, scale, drawn = selected_fan(p), p["scale"], p["distribution"]
    if not scale > 0:
        raise Refused("scale", "not above 0")
    variance = divided(scale, n) if n > 0 else 0.0
    if drawn == "truncated_normal":
        return cut(p, 0.0, math.sqrt(variance))
    for name in ("truncation", "corrected"):
        if name in p:
            raise Refused(name, "not with distribution=" + drawn)
    if drawn == "uniform":
        return {"kind": "symmetric uniform", "bound": math.sqrt(3 * variance)}
    return {"kind": "normal", "mean": 0.0, "sigma": math.sqrt(variance)}


def gain(p):
    if "gain" in p:
        for name in ("nonlinearity", "slope"):
            if name in p:
                raise Refused(name, "not with gain")
        return not_negative(p, "gain")
    nonlinearity, slope = p.values.get("nonlinearity"), p["slope"]
    if "slope" in p and nonlinearity != "leaky_relu":
        raise Refused("slope", "not with nonlinearity=%s" % nonlinearity)
    if nonlinearity is None:
        return p["gain"]
    return {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4,
            "leaky_relu": math.sqrt(2 / (1 + slope * slope))}.get(nonlinearity, 1.0)


def rule_gain(p):
    n, factor = selected_fan(p), gain(p)
    std = divided(factor, math.sqrt(n)) if n > 0 else 0.0
    if p["distribution"] == "uniform":
        return {"kind": "symmetric uniform", "bound": math.sqrt(3) * std}
    return {"kind": "normal", "mean": 0.0, "sigma": std}


def rule_normal(p):
    return {"kind": "normal", "mean": p["mean"], "sigma": not_negative(p, "std")}


def rule_truncated_normal(p):
    mean, std = p["mean"], not_negative(p, "std")
    if "low" not in p and "high" not in p:
        return cut(p, mean, std)
    if "truncation" in p:
        raise Refused("truncation", "not with low or high")
    if p["corrected"]:
        raise Refused("corrected", "not with low or high")
    if std == 0:
        raise Refused("std", "0 with low or high")
    low = p["low"] if "low" in p else -math.inf
    high = p["high"] if "high" in p else math.inf
    z_low, z_high = divided(low - mean, std), divided(high - mean, std)
    if not is_cut(z_low, z_high):
        raise Refused("high" if "high" in p else "low", "no room between the bounds")
    if math.isinf(z_low) and math.isinf(z_high):
        return {"kind": "normal", "mean": mean, "sigma": std}
    return {"kind": "truncated normal", "mean": mean, "sigma": std,
            "z_low": z_low, "z_high": z_high, "low": low, "high": high}


def rule_uniform(p):
    return {"kind": "uniform",
            "low": p["low"] if "low" in p else 0.0, "high": p["high"] if "high" in p else 1.0}


def rule_constant(p):
    if "value" not in p.values:
        raise Refused("value", "required")
    return {"kind": "constant", "value": p["value"][0], "whole": p["value"][1]}


RULES = {"variance": rule_variance, "gain": rule_gain, "normal": rule_normal,
         "truncated_normal": rule_truncated_normal, "uniform": rule_uniform,
         "constant": rule_constant}
