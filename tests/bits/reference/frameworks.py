# SPDX-License-Identifier: MIT
"""docs/FRAMEWORKS.md, "Exactly": a query with a framework's name of an initializer is rewritten
to one in the terms of docs/SPEC.md, before anything else reads it."""
import collections
import math
import urllib.parse

from refused import Refused
from tables import PARAMETERS, SCHEMES, SPEC, pairs, read_tables, rows_of
from values import decode, is_cut, read_int, read_number, read_permute, read_shape

Framework = collections.namedtuple("Framework", "framework scheme fans params defaults fixed")

FANS = ("fan_in", "fan_out")
EXPLICIT = ("in_axis", "out_axis", "batch_axis", "input_axes", "output_axes")
TABLES = read_tables((SPEC.parent / "FRAMEWORKS.md").read_text(encoding="utf-8"))

# 'framework.name' -> what it stands for
FRAMEWORKS = {"%s.%s" % (framework, name): Framework(
    framework, scheme, fans, {native: canonical or native for native, _, canonical in
                              (param.partition("=") for param in params.split())},
    pairs(defaults), pairs(fixed))
    for frameworks, names, scheme, fans, params, defaults, fixed
    in rows_of("frameworks", "names", tables=TABLES)
    for framework in frameworks.split() for name in names.split()}
# parameter -> framework -> word -> canonical word
WORDS = {}
for _frameworks, _param, _word, _canonical in rows_of("words of", "parameter", tables=TABLES):
    for _framework in _frameworks.split():
        WORDS.setdefault(_param, {}).setdefault(_framework, {})[_word] = _canonical


def read_pairs(query):
    """name -> value, as bytes; None for what is no query of a framework's name."""
    given = {}
    try:
        for pair in query.encode("ascii").split(b"&"):
            name, _, value = pair.partition(b"=")
            name = decode(name).decode("latin-1")
            if name in given:
                return None
            given[name] = decode(value)
    except ValueError:
        return None
    return given if given.get("scheme", b"").decode("latin-1") in FRAMEWORKS else None


def check_taken(row, requested):
    own = {*row.params, *(FANS if "fans" in SCHEMES[row.scheme][3] else ())}
    for name in requested:
        if PARAMETERS.get(name, [None])[-1] != "every scheme" and name not in own:
            raise Refused(name, "does not apply to this name")


def canonical_word(row, name, value):
    """A value that may be one of the framework's words."""
    words = WORDS.get(name, {}).get(row.framework)
    if words is None:
        return value
    if value.decode("latin-1") not in words:
        raise Refused(name, "not a word of " + row.framework)
    return words[value.decode("latin-1")].encode()


def read(name, reader, text):
    try:
        return reader(text)
    except ValueError as error:
        raise Refused(name, "not of its form") from error


def read_bound(text):
    return float(text) if text in (b"-inf", b"inf") else read_number(text)


def read_axes(text):
    return [] if text == b"none" else read_permute(text)


def haiku_axes(value, rank):
    """fan_in_axes -> input_axes and output_axes."""
    axes = read("fan_in_axes", read_axes, value)
    if rank < 3:
        if rank == 2 and axes in ([0], [-2]):
            return {}
        raise Refused("fan_in_axes", "of no use with fewer than 3 dims")
    others = ",".join(str(axis) for axis in range(rank) if axis not in axes)
    return {"input_axes": value, "output_axes": others.encode() or b"none"}


def drop_infinite(row, given):
    """Bounds that are none."""
    if row.scheme != "truncated_normal":
        return
    none = {name for name, end in (("low", b"-inf"), ("high", b"inf")) if given.get(name) == end}
    for name in none:
        del given[name]
    if none and "low" not in given and "high" not in given:
        given["truncation"] = b"none"


def layout_of(name, axis, rank):
    if rank >= 2 and axis in (-1, rank - 1):
        return b"io"
    if rank >= 2 and axis in (0, -rank):
        return b"oi"
    raise Refused(name, "neither the first axis nor the last")


def renamed(row, given, requested, rank):
    """Step 4."""
    found = {}
    for name, value in given.items():
        canonical = row.params.get(name, name)
        if canonical == "truncation":
            lower, upper = (n for n, meant in row.params.items() if meant == "truncation")
            if not is_cut(*(read(end, read_bound, given[end]) for end in (lower, upper))):
                raise Refused(lower if lower in requested else upper, "no cut with upper")
            value = b"%s,%s" % (given[lower], given[upper])
        elif name == "fan_in_axes":
            found.update(haiku_axes(value, rank))
            continue
        elif canonical == "layout":
            axis = read(name, read_int, value)
            if row.fans == "delta":
                if not -2 <= axis <= 1:
                    raise Refused(name, "not an axis of a matrix")
                continue
            value = layout_of(name, axis, rank)
        found[canonical] = value
    return found


def is_slope_of_no_use(row, given):
    """Whether PyTorch ignores a slope of 0."""
    if row.framework != "torch" or given.get("nonlinearity", b"leaky_relu") == b"leaky_relu":
        return False
    try:
        return read_number(given.get("slope", b"")) == 0
    except ValueError:
        return False


def add_fans(rule, given, shape):
    """Step 6."""
    rank, elems = len(shape), b"%d" % max(math.prod(shape), 1)
    if rule == "matrix" and rank != 2:
        raise Refused("shape", "no matrix")
    if rule == "square" and (rank != 2 or shape[0] != shape[1]):
        raise Refused("shape", "not square")
    has_fan = any(fan in given for fan in FANS)
    if rule == "jax" and rank < 2 and not has_fan:
        if read("in_axis", read_axes, given.get("in_axis", b"-2")) == [-2]:
            raise Refused("shape", "no fans with the default of in_axis")
    if all(fan in given for fan in FANS) or any(name in given for name in EXPLICIT):
        return
    if rule == "tfjs" and not 2 <= rank <= 5 and not has_fan:
        given.update({"fan_in": elems, "fan_out": b"1", "mode": b"fan_geo_avg"})
    elif rule in ("keras", "jax", "rows", "tfjs") and rank >= 2:
        given["layout"] = b"io"
    elif rule == "keras":
        given.update({"fan_in": elems, "fan_out": elems, **given})
    elif rule == "rows":
        given.setdefault("fan_in", b"1")


def to_blame(row, requested):
    """Canonical parameter -> the name to blame in errors: of bounds not a default, but what rules
    it out."""
    native = {canonical: name for name, canonical in reversed(row.params.items())}
    given = [native[name] for name in ("low", "high", "mean", "std")
             if native.get(name) in requested]
    return {canonical: given[0] if canonical in ("low", "high") and given and name not in requested
            else name for canonical, name in native.items()}


def stands_for(requested):
    """Parameters of a framework's name -> canonical ones, and the names to blame in errors."""
    row = FRAMEWORKS[requested["scheme"].decode()]
    check_taken(row, requested)
    shape = read("shape", read_shape, requested.get("shape", b""))
    defaults = {name: text.encode() for name, text in row.defaults.items()}
    given = {name: canonical_word(row, name, value) for name, value in {**defaults, **requested}.items()}
    given = renamed(row, given, requested, len(shape))
    drop_infinite(row, given)
    if is_slope_of_no_use(row, given):
        del given["slope"]
    fixed = {name: text.encode() for name, text in row.fixed.items()}
    given = {**fixed, **given, "scheme": row.scheme.encode()}
    if given.get("distribution", b"truncated_normal") != b"truncated_normal":
        given.pop("corrected", None)
    add_fans(row.fans, given, shape)
    return given, to_blame(row, requested)


def plain_query(query):
    """The query in the terms of SPEC.md, itself if it is that already; our names of parameters ->
    the framework's. Raises Refused."""
    requested = read_pairs(query)
    if requested is None:
        return query, {}
    given, native = stands_for(requested)
    return "&".join("%s=%s" % (name, urllib.parse.quote_from_bytes(value, safe="-._~"))
                    for name, value in given.items()), native


def rewriting(make):
    """make() for queries with frameworks' names as well; errors speak their names of parameters."""
    def made(query):
        plain, native = plain_query(query)
        try:
            return make(plain)
        except Refused as error:
            error.field = native.get(error.field, error.field)
            raise
    return made
