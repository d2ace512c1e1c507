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


def our_word(row, name, value):
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


def renamed(row, given):
    """Step 4."""
    found = {}
    for name, value in given.items():
        ours = row.params.get(name, name)
        if ours == "truncation":
            value = given["lower"], given["upper"]
            if not is_cut(*value):
                raise Refused("lower", "no cut with upper")
        elif ours == "layout":
            value = layout_of(name, value, len(given["shape"]))
        found[ours] = value
    return found


def add_fans(rule, given):
    """Step 6."""
    shape, explicit = given["shape"], ("in_axis", "out_axis", "batch_axis", "input_axes")
    rank, elems = len(shape), max(math.prod(shape), 1)
    if rule == "square" and (rank != 2 or shape[0] != shape[1]):
        raise Refused("shape", "not square")
    if all(fan in given for fan in FANS) or any(name in given for name in explicit):
        return
    if rule in ("keras", "jax", "rows", "tfjs") and 2 <= rank <= (5 if rule == "tfjs" else 32):
        given["layout"] = "io"
    elif rule == "keras":
        given.update({"fan_in": elems, "fan_out": elems, **given})
    elif rule == "rows":
        given.setdefault("fan_in", 1)
    elif rule == "tfjs":
        given.update({"fan_in": elems, "fan_out": 1, **given, "mode": "fan_geo_avg"})


def stands_for(given):
    """Parameters given with a framework's name -> those in our terms; our names -> theirs."""
    row = FRAMEWORKS[given["scheme"]]
    check_taken(row, given)
    defaults = {name: read_value(name, text.encode()) for name, text in row.defaults.items()}
    given = {name: our_word(row, name, value) for name, value in {**defaults, **given}.items()}
    given = renamed(row, given)
    fixed = {name: read_value(name, text.encode()) for name, text in row.fixed.items()}
    given = {**fixed, **given, "scheme": row.scheme}
    if given.get("distribution", "truncated_normal") != "truncated_normal":
        given.pop("corrected", None)
    add_fans(row.fans, given)
    return given, {ours: theirs for theirs, ours in reversed(row.params.items())}
