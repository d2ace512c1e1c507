# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Query" and "Values": the forms of values. What is not of its form is a
ValueError."""
import math
import re

from tables import ALIASES, PARAMETERS, SCHEMES


def decode(data):
    def byte(match):
        if not re.fullmatch(rb"%[0-9A-Fa-f]{2}", match[0]):
            raise ValueError("broken percent-encoding")
        return bytes([int(match[0][1:], 16)])

    return re.sub(rb"%.{0,2}", byte, data.replace(b"+", b" "), flags=re.S)


def read_unsigned(text, minimum=0, maximum=2**64 - 1):
    if not re.fullmatch(rb"[0-9]+", text) or not minimum <= int(text) <= maximum:
        raise ValueError
    return int(text)


def read_seed(text):
    if re.fullmatch(rb"0[xX][0-9A-Fa-f]{1,16}", text):
        return int(text[2:], 16)
    if text.startswith(b"-"):
        return -read_unsigned(text[1:], maximum=2**63) % 2**64
    return read_unsigned(text)


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
    """The number, and the same exactly if it is an integer, else None."""
    if text in (b"-inf", b"inf"):
        return float(text), None
    number = read_number(text)
    integer = re.fullmatch(rb"[+-]?[0-9]+", text) and abs(int(text)) < 2**64
    return number, int(text) if integer else None


def read_permute(text):
    """Also axes."""
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
        axis, index, count = read_int(found[1]), read_unsigned(found[2]), read_unsigned(found[3])
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
    return tuple(read_unsigned(dim) for dim in dims)


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
    "count": lambda text: read_unsigned(text, 1),
    "index": read_unsigned,
    "integer": read_int,
    "number": read_number,
    "flag": lambda text: read_word(text, ("true", "1", "false", "0")) in ("true", "1"),
    "shape": read_shape,
    "seed": read_seed,
    "text": read_text,
    "scheme": read_scheme,
    "truncation": read_truncation,
    "constant": read_constant,
    "permute": read_permute,
    "axes": lambda text: [] if text == b"none" else read_permute(text),
    "slice": read_slice,
    "shard": read_shard,
}


def read_value(name, text):
    form, words, _, _ = PARAMETERS[name]
    return read_word(text, words) if form == "choice" else READERS[form](text)
