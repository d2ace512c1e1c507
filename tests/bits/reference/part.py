# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Part": permute, slice and shard."""
import math

import numpy as np

from refused import Refused


def places(p):
    """The places that are taken of each axis of the permuted tensor, an int for an index; and
    the permutation."""
    shape = p["shape"]
    rank = len(shape)
    axes = [axis + rank if axis < 0 else axis for axis in p.values.get("permute", range(rank))]
    if sorted(axes) != list(range(rank)):
        raise Refused("permute", "does not name each axis once")
    taken = [range(shape[axis]) for axis in axes]
    if "slice" in p and "shard" in p:
        raise Refused("shard", "not with slice")
    items = list(p.values.get("slice", []))
    missing = rank - len([item for item in items if item is not Ellipsis])
    if missing < 0:
        raise Refused("slice", "has more items than there are axes")
    at = items.index(Ellipsis) if Ellipsis in items else len(items)
    items[at:at + 1] = [slice(None)] * missing
    for axis, item in enumerate(items):
        try:
            taken[axis] = taken[axis][item]
        except IndexError as error:
            raise Refused("slice", "index outside the axis") from error
    for axis, index, count in p.values.get("shard", []):
        if not -rank <= axis < rank:
            raise Refused("shard", "no such axis")
        size = -(-len(taken[axis]) // count)
        taken[axis] = taken[axis][index * size:(index + 1) * size]
    return taken, axes


def numbers_of(taken, axes, shape):
    """Numbers of the elements of a part, in its row-major order."""
    strides = [math.prod(shape[axis + 1:]) for axis in range(len(shape))]
    numbers = np.zeros(1, dtype=np.int64)
    for place, axis in zip(taken, axes):
        place = [place] if isinstance(place, int) else place
        steps = np.arange(place.start, place.stop, place.step, dtype=np.int64) \
            if isinstance(place, range) else np.array(place, dtype=np.int64)
        numbers = (numbers[:, None] + steps * strides[axis]).reshape(-1)
    return numbers
