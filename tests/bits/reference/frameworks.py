# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Names of frameworks": the request that one with such a name stands for."""
import math

from refused import Refused
from tables import FRAMEWORKS, PARAMETERS, SCHEMES, WORDS
from values import is_cut, read_value

FANS = ("fan_in", "fan_out")


def check_taken(row, given):
    own = {*row.params, *(FANS if "fans" in SCHEMES[row.scheme][3] else ())}
    for name in given:
        if PARAMETERS[name][3] != "every scheme" and name not in own:
            raise Refused(name, "does not apply to this name")


def canonical_word(row, name, value):
    """A value that may be one of the framework's words."""
    words = WORDS.get(name, {}).get(row.framework)
    if words is None:
        check_word(name, value)
        return value
    if value not in words:
        raise Refused(name, "not a word of " + row.framework)
    return words[value]


def check_word(name, value):
    form, words, _, _ = PARAMETERS[name]
    if form == "choice" and value not in words:
        raise Refused(name, "a framework's word")


def layout_of(name, axis, rank):
    if rank >= 2 and axis in (-1, rank - 1):
        return "io"
    if rank >= 2 and axis in (0, -rank):
        return "oi"
    raise Refused(name, "neither the first axis nor the last")


def renamed(row, given, requested):
    """Step 4."""
    found = {}
    for name, value in given.items():
        canonical = row.params.get(name, name)
        if canonical == "truncation":
            value = given["lower"], given["upper"]
            if not is_cut(*value):
                raise Refused("lower" if "lower" in requested else "upper", "no cut with upper")
        elif canonical == "layout" and row.fans == "delta":
            if not -2 <= value <= 1:
                raise Refused(name, "not an axis of a matrix")
            continue
        elif canonical == "layout":
            value = layout_of(name, value, len(given["shape"]))
        found[canonical] = value
    return found


def add_fans(rule, given):
    """Step 6."""
    shape = given["shape"]
    explicit = ("in_axis", "out_axis", "batch_axis", "input_axes", "output_axes")
    rank, elems = len(shape), max(math.prod(shape), 1)
    if rule == "square" and (rank != 2 or shape[0] != shape[1]):
        raise Refused("shape", "not square")
    if rule == "jax" and rank < 2 and given.get("in_axis", [-2]) == [-2] and not any(
            fan in given for fan in FANS):
        raise Refused("shape", "no fans with the default of in_axis")
    if all(fan in given for fan in FANS) or any(name in given for name in explicit):
        return
    if rule == "tfjs" and not 2 <= rank <= 5 and not any(fan in given for fan in FANS):
        given.update({"fan_in": elems, "fan_out": 1, "mode": "fan_geo_avg"})
    elif rule in ("keras", "jax", "rows", "tfjs") and rank >= 2:
        given["layout"] = "io"
    elif rule == "keras":
        given.update({"fan_in": elems, "fan_out": elems, **given})
    elif rule == "rows":
        given.setdefault("fan_in", 1)


def to_blame(row, given, requested):
    """Canonical parameter -> the name to blame in errors: not a default, but what rules it out."""
    first = next((name for name in row.params if name in requested), None)
    names = {canonical: name for name, canonical in reversed(row.params.items())}
    return {canonical: first if canonical in given and name not in requested and first else name
            for canonical, name in names.items()}


def stands_for(requested):
    """Parameters of a framework's name -> canonical ones, and the names to blame in errors."""
    row = FRAMEWORKS[requested["scheme"]]
    check_taken(row, requested)
    defaults = {name: read_value(name, text.encode()) for name, text in row.defaults.items()}
    given = {name: canonical_word(row, name, value) for name, value in {**defaults, **requested}.items()}
    given = renamed(row, given, requested)
    leaky = given.get("nonlinearity", "leaky_relu") == "leaky_relu"
    if row.framework == "torch" and given.get("slope") == 0 and not leaky:
        del given["slope"]
    fixed = {name: read_value(name, text.encode()) for name, text in row.fixed.items()}
    given = {**fixed, **given, "scheme": row.scheme}
    if given.get("distribution", "truncated_normal") != "truncated_normal":
        given.pop("corrected", None)
    add_fans(row.fans, given)
    return given, to_blame(row, given, requested)
