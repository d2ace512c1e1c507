# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Orthogonal". What the page computes for one place is done here for a row of an
array, or all of it, at once; terms that it leaves out are zeros."""
import math

import numpy as np

from patterns import matrix_axes, places
from refused import Refused

BLOCK = 64


def dist(p, batch, rows_axes, cols_axes, kernel=()):
    """The axes of each."""
    shape = p["shape"]
    rows, cols = (math.prod(shape[axis] for axis in axes) for axes in (rows_axes, cols_axes))
    if rows * cols > 2**28:
        raise Refused("shape", "too large")
    return {"kind": "orthogonal", "gain": p["gain"], "rows": rows, "cols": cols, "shape": shape,
            "axes": (batch, rows_axes, cols_axes), "kernel": kernel,
            "tall": rows > cols or (rows == cols and p["layout"] == "oi")}


def orthogonal(p):
    batch, axes = matrix_axes(p, 2, 32)
    cut = 1 if p["layout"] == "oi" else -1
    return dist(p, batch, axes[:cut], axes[cut:])


def delta_orthogonal(p):
    batch, axes = matrix_axes(p, 3, 5)
    if p["layout"] == "oi":
        (rows, cols), kernel = axes[:2], axes[2:]
        out, into = p["shape"][rows], p["shape"][cols]
    else:
        (rows, cols), kernel = axes[-2:], axes[:-2]
        into, out = p["shape"][rows], p["shape"][cols]
    if out < into:
        raise Refused("shape", "less out than in")
    return dist(p, batch, [rows], [cols], kernel)


def blocks(start, end):
    """The parts that lie in one block each."""
    while start < end:
        after = min(end, (start // BLOCK + 1) * BLOCK)
        yield range(start, after)
        start = after


def block_sums(indices, term):
    """The p of each block."""
    for block in blocks(*indices):
        p = 0
        for index in block:
            p = p + term(index)
        yield p


def q_matrix(n, k, z, compute):
    """Q; z[l][r] in the compute type, k by n."""
    z = np.triu(z.astype(np.float64))
    norm = np.zeros(k)
    for p in block_sums((0, n), lambda r: z[:, r] * z[:, r]):
        norm = norm + p
    sign = np.where(np.diagonal(z) > 0, -1.0, 1.0)
    v = z.copy()
    np.fill_diagonal(v, np.diagonal(z) - sign * np.sqrt(norm))
    v = v.astype(compute)
    v64 = v.astype(np.float64)

    u = np.zeros((k, k))
    for p in block_sums((0, n), lambda r: np.outer(v64[:, r], v64[:, r])):
        u = u + p
    np.fill_diagonal(u, np.diagonal(u) / 2)

    x = np.zeros((k, k))
    for i in range(k - 1, -1, -1):  # row i of x, called l in the page
        end = min(k, (i // BLOCK + 1) * BLOCK)
        row = v64[i, :k] * sign
        for p in block_sums((end, k), lambda j, i=i: u[i, j] * x[j]):
            row = row - p
        for j in range(end - 1, i, -1):
            row = row - u[i, j] * x[j]
        x[i] = np.where(np.arange(k) >= i, row / u[i, i], 0)
    t = x.astype(compute)

    q = np.zeros((n, k), dtype=compute)
    np.fill_diagonal(q, sign)
    for p in block_sums((0, k), lambda i: np.outer(v[i], t[i])):
        q = q - p
    return q


def matrix(d, batch, sampler, words):
    """M; 'sampler' tells the compute type and makes z of words."""
    n, k = max(d["rows"], d["cols"]), min(d["rows"], d["cols"])
    numbers = batch * k * n + np.arange(k * n, dtype=np.int64)
    w = words.lane(2, numbers)
    if sampler.is_f64:
        w = (w << np.uint64(32)) + words.lane(3, numbers)
    q = q_matrix(n, k, sampler.unit(w).reshape(k, n), sampler.compute)
    return q if d["tall"] else q.T


def number_on(d, at, axes):
    """Places on some axes -> their number, row-major."""
    number = np.zeros_like(at[0])
    for axis in axes:
        number = number * d["shape"][axis] + at[axis]
    return number


def elements(d, sampler, numbers, words):
    at = places(numbers, d["shape"])
    batch, row, column = (number_on(d, at, axes) for axes in d["axes"])
    centre = [at[axis] == (d["shape"][axis] - 1) // 2 for axis in d["kernel"]]
    inside = np.logical_and.reduce([np.ones(len(numbers), dtype=bool), *centre])
    x = np.zeros(len(numbers), dtype=sampler.compute)
    for each in np.unique(batch[inside]):
        m = matrix(d, each, sampler, words)
        m = sampler.compute(0) + sampler.numbers["gain"] * m
        of_it = inside & (batch == each)
        x[of_it] = m[row[of_it], column[of_it]]
    return x
