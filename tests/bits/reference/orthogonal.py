# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Orthogonal". What the page computes for one place is done here for a row of an
array, or all of it, at once; terms that it leaves out are zeros."""
import math

import numpy as np

from refused import Refused

BLOCK = 64


def dist(p, rows, cols, base, step):
    if rows * cols > 2**28:
        raise Refused("shape", "too large")
    return {"kind": "orthogonal", "gain": p["gain"], "rows": rows, "cols": cols, "base": base,
            "tall": rows > cols or (rows == cols and p["layout"] == "oi"),
            "step": step}


def orthogonal(p):
    shape = p["shape"]
    if len(shape) < 2:
        raise Refused("shape", "of less than 2 dims")
    if p["layout"] == "oi":
        return dist(p, shape[0], math.prod(shape[1:]), 0, 1)
    return dist(p, math.prod(shape[:-1]), shape[-1], 0, 1)


def delta_orthogonal(p):
    shape = p["shape"]
    if not 3 <= len(shape) <= 5:
        raise Refused("shape", "not of 3 to 5 dims")
    if p["layout"] == "oi":
        (out, into), kernel = shape[:2], shape[2:]
    else:
        (into, out), kernel = shape[-2:], shape[:-2]
    if out < into:
        raise Refused("shape", "less out than in")
    centre = 0
    for size in kernel:
        centre = centre * size + (size - 1) // 2
    if p["layout"] == "oi":
        return dist(p, out, into, centre, math.prod(kernel))
    return dist(p, into, out, centre * into * out, 1)


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


def matrix(d, sampler, words):
    """M; 'sampler' tells the compute type and makes z of words."""
    n, k = max(d["rows"], d["cols"]), min(d["rows"], d["cols"])
    numbers = np.arange(k * n, dtype=np.int64)
    w = words.lane(2, numbers)
    if sampler.is_f64:
        w = (w << np.uint64(32)) + words.lane(3, numbers)
    q = q_matrix(n, k, sampler.unit(w).reshape(k, n), sampler.compute)
    return q if d["tall"] else q.T


def elements(d, sampler, numbers, words):
    m = matrix(d, sampler, words).reshape(-1)
    m = sampler.compute(0) + sampler.numbers["gain"] * m
    places, rest = np.divmod(numbers - d["base"], d["step"])
    inside = (rest == 0) & (places >= 0) & (places < len(m))
    return np.where(inside, m[np.where(inside, places, 0)], sampler.compute(0))
