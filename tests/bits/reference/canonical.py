# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Canonical query" and "Entity tag"."""
import hashlib
import math
import urllib.parse

from fans import WAYS, axes_of
from tables import PARAMETERS, SCHEMES, SPEC

AXES = (*WAYS[1], *WAYS[2])
NEVER_BY_DEFAULT = ("shape", "scheme", "name", "permute", "slice", "shard", *AXES)


def number(value):
    text = repr(value + 0.0)
    return (text[:-2] if text.endswith(".0") else text).replace("+", "")


def truncation(low, high):
    if math.isinf(low) and math.isinf(high):
        return "none"
    if low == -high:
        return number(high)
    return "%s,%s" % ("-inf" if math.isinf(low) else number(low),
                      "inf" if math.isinf(high) else number(high))


def item(taken, size):
    """What is taken of an axis, as an item of a slice."""
    if isinstance(taken, int):
        return str(taken)
    count = len(taken)
    if count == 0:
        return "0:0" if size > 0 else ":"
    start, last, step = taken[0], taken[-1], taken.step if count > 1 else 1
    if step > 0:
        text = "%s:%s" % (start or "", last + 1 if last + 1 < size else "")
    else:
        text = "%d:%s" % (start, last - 1 if last > 0 else "")
    return text if step == 1 else "%s:%d" % (text, step)


def slice_text(p, taken, axes):
    items = [item(place, p["shape"][axis]) for place, axis in zip(taken, axes)]
    while items and items[-1] == ":":
        items.pop()
    return ",".join(items)


def text_of(p, name, taken, axes):
    form, value = PARAMETERS[name][0], p.values.get(name)
    if name == "scheme":
        return p.scheme
    if name == "slice":
        return slice_text(p, taken, axes)
    if name == "shard" or value is None:
        return ""
    if name == "permute":
        return "" if axes == sorted(axes) else ",".join(map(str, axes))
    if form == "shape":
        return ",".join(map(str, value)) if value else "scalar"
    if form == "text":
        return urllib.parse.quote(value, safe="-._~")
    if name == "padding_idx":
        return str(value % p["shape"][0])
    if form == "flag":
        return "true" if value else "false"
    if form == "number":
        return number(value)
    if form == "truncation":
        return truncation(*value)
    if form == "axes":
        return ",".join(map(str, axes_of(p, name, value))) or "none"
    if form == "constant":
        if math.isinf(value[0]):
            return "inf" if value[0] > 0 else "-inf"
        return number(value[0]) if value[1] is None else str(value[1])
    return str(value)


def canonical_query(p, taken, axes):
    defaults = SCHEMES[p.scheme][2]
    pairs = []
    for name, (_, _, default, _) in PARAMETERS.items():
        if name not in p and name not in ("scheme", "slice"):
            continue
        text = text_of(p, name, taken, axes)
        if name not in NEVER_BY_DEFAULT and text == defaults.get(name, default):
            continue
        if text:
            pairs.append("%s=%s" % (name, text))
    return "&".join(pairs)


def spec_name():
    return SPEC.read_text(encoding="utf-8").splitlines()[0].split()[-1]


def entity_tag(query):
    return hashlib.sha256(("%s 1 %s" % (spec_name(), query)).encode()).hexdigest()[:32]
