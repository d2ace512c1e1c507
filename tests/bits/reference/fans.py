# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Fans"."""
import math

from refused import Refused
from tables import AXES, PARAMETERS

WAYS = (("layout", "groups", "transposed", "icnr"), ("in_axis", "out_axis", "batch_axis"),
        ("input_axes", "output_axes"))


def copies(p, outputs):
    """Outputs that are equal."""
    if "icnr" not in p:
        return 1
    if len(p["shape"]) < 3 or p["transposed"]:
        raise Refused("icnr", "not for this kernel")
    count = p["icnr"] ** (len(p["shape"]) - 2)
    if outputs % count:
        raise Refused("icnr", "does not divide the outputs")
    return count


def fans_of_layout(p):
    shape = p["shape"]
    into, out, grouped = (axis % len(shape) for axis in AXES[p["layout"], p["transposed"]])
    dims = list(shape)
    dims[out] //= copies(p, dims[out])
    if dims[grouped] % p["groups"]:
        raise Refused("groups", "does not divide dim %d" % grouped)
    dims[grouped] //= p["groups"]
    rest = math.prod(dim for i, dim in enumerate(dims) if i not in (into, out))
    return dims[into] * rest, dims[out] * rest


def blamed(p, name):
    """Not a default, but the axes that it does not go with."""
    return name if name in p else next(other for other in WAYS[1] if other in p)


def axes_of(p, name, axes):
    """Counted from 0."""
    rank = len(p["shape"])
    if any(not -rank <= axis < rank for axis in axes):
        raise Refused(blamed(p, name), "no such axis")
    axes = [axis % rank for axis in axes]
    if len(set(axes)) != len(axes):
        raise Refused(name, "names an axis twice")
    return axes


def product(p, axes):
    return math.prod(p["shape"][axis] for axis in axes)


def fans_of_jax(p):
    defaults = {"in_axis": [-2], "out_axis": [-1], "batch_axis": []}
    into, out, batch = (set(axes_of(p, name, p[name] if name in p else axes))
                        for name, axes in defaults.items())
    if batch & (into | out):
        raise Refused(blamed(p, "batch_axis"), "an axis of another list")
    everything = set(range(len(p["shape"])))
    return product(p, everything - out - batch), product(p, everything - into - batch)


def fans_of_keras(p):
    for name, other in (WAYS[2], WAYS[2][::-1]):
        if name not in p:
            raise Refused(name, "not given, but " + other)
    return tuple(product(p, axes_of(p, name, p[name])) for name in WAYS[2])


def fans(p):
    """fan_in and fan_out, None for one that does not exist."""
    given = [[name for name in way if name in p] for way in WAYS]
    both = "fan_in" in p and "fan_out" in p
    used = [names[0] for names in given if names]
    if used and (both or len(used) > 1):
        raise Refused(used[-1], "another parameter says where fans are")
    found = [None, None]
    if given[1]:
        found = fans_of_jax(p)
    elif given[2]:
        found = fans_of_keras(p)
    elif len(p["shape"]) >= 2 and not both:
        found = fans_of_layout(p)
    elif given[0]:
        raise Refused(given[0][0], "the shape has no fans")
    return [p[name] if name in p else fan for name, fan in zip(("fan_in", "fan_out"), found)]


def selected_fan(p):
    """n"""
    if "d_model" in p:
        for name, row in PARAMETERS.items():
            if row[3] == "fans" and name in p:
                raise Refused(name, "not with d_model")
        return float(p["d_model"])
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
