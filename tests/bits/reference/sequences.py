# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Rules": values that follow from places on the last axes, and the functions of
uniform numbers."""
import math

import numpy as np

from elementary import exp, expm1, log, sin
from patterns import of_rank, places
from refused import Refused

LN2 = float.fromhex("0x1.62e42fefa39efp-1")


def sequence(p, rank, largest, function, integers=None):
    """'function' from arrays of places on the last axes, as many as 'rank', to values."""
    shape = of_rank(p, rank, 32)
    return {"kind": "pattern", "value": largest, "integer": None, "field": "dtype",
            "integers": integers, "at": lambda numbers: function(*places(numbers, shape)[-rank:])}


def last_dim(p):
    return of_rank(p, 1, 32)[-1]


def ends(p):
    return p["start"], p["start"] + float(max(last_dim(p), 1) - 1) * p["step"]


def arange(p):
    first, last = ends(p)
    largest = max(abs(first), abs(last))

    def integers(minimum, maximum):
        for name in ("start", "step"):
            if p[name] != math.floor(p[name]):
                raise Refused(name, "not an integer")
        minimum, maximum = max(minimum, 1 - 2**53), min(maximum, 2**53 - 1)
        if not (minimum <= min(first, last) and max(first, last) <= maximum):
            raise Refused("dtype", "not in its range")

    return sequence(p, 1, largest, lambda i: p["start"] + i * p["step"], integers)


def linspace(p):
    count, start, stop = last_dim(p), p["start"], p["stop"]

    def values(i):
        x = start + i * ((stop - start) / np.float64(max(count - 1, 1)))
        x = np.clip(x, min(start, stop), max(start, stop))
        return np.where(i == 0, start, np.where(i == count - 1, stop, x))

    return sequence(p, 1, max(abs(start), abs(stop)), values)


def log_arange(p):
    first, last = ends(p)
    for name, number in (("start", first), ("step", last)):
        if not number > 0:
            raise Refused(name, "not above 0")
    largest = math.inf if math.isinf(last) else max(abs(log(first)), abs(log(last)))
    return sequence(p, 1, largest, lambda i: log(p["start"] + i * p["step"]))


def alibi(p):
    count = max(last_dim(p), 1)
    heads = 1
    while 2 * heads <= count:
        heads *= 2

    def values(i):
        below = i < heads
        place = np.where(below, i + 1, 2 * (i - heads) + 1)
        x = 8 * place.astype(np.float64) / np.where(below, heads, 2 * heads)
        n = np.floor(x)
        return exp((n - x) * LN2) * np.ldexp(1.0, -n.astype(int))

    return sequence(p, 1, 1.0, values)


def base_of(p):
    if not p["base"] >= 1:
        raise Refused("base", "less than 1")
    return log(p["base"])


def rope(p):
    base, count = base_of(p), last_dim(p)
    others = ("low_freq_factor", "high_freq_factor", "original_length")
    if "factor" not in p:
        for name in others:
            if name in p:
                raise Refused(name, "not without factor")
        return sequence(p, 1, 1.0, lambda i: exp(0 - i / count * base))
    low, high, length = (float(p[name]) for name in others)
    if not p["factor"] >= 1:
        raise Refused("factor", "less than 1")
    if not low > 0:
        raise Refused("low_freq_factor", "not above 0")
    if not high > low:
        raise Refused("high_freq_factor" if "high_freq_factor" in p else "low_freq_factor", "no room")

    def values(i):
        x = exp(0 - i / count * base)
        wave = float.fromhex("0x1.921fb54442d18p+2") / x
        smooth = (length / wave - low) / (high - low)
        between = (1 - smooth) * x / p["factor"] + smooth * x
        return np.where(wave < length / high, x, np.where(wave > length / low, x / p["factor"], between))

    return sequence(p, 1, 1.0, values)


def sinusoidal(p):
    base, (*_, rows, cols) = base_of(p), of_rank(p, 2, 32)
    arrangement = p["arrangement"]
    parts = 4 if arrangement == "grid" else 2
    if cols % parts:
        raise Refused("shape", "the last dim is not a multiple of %d" % parts)
    side = math.isqrt(rows)
    if rows > 2**24 or arrangement == "grid" and side * side != rows:
        raise Refused("shape", "not of such a number of positions")

    def wave(position, exponent, quarter):
        return sin(position * exp(0 - exponent * base), quarter)

    def halves(row, i):
        half = cols // 2
        return wave(row, i % half / np.float64(max(half - 1, 1)), i // half)

    def interleaved(row, i):
        return wave(row, (i - i % 2) / np.float64(cols), i % 2)

    def grid(row, i):
        part = i // (cols // 4)
        return wave(np.where(part < 2, row % side, row // side), i % (cols // 4) / np.float64(cols // 4), part % 2)

    return sequence(p, 2, 1.0, {"halves": halves, "interleaved": interleaved, "grid": grid}[arrangement])


def turn(m, n, quarter):
    """The sine of m/n of a turn and as many quarters of one."""
    j = 4 * m // n
    return sin((4 * m - j * n) * float.fromhex("0x1.921fb54442d18p+0") / n, j + quarter)


COSINES = {
    "hann": [0.5, 0.5], "hamming": [0.54, 0.46], "blackman": [0.42, 0.5, 0.08],
    "nuttall": [0.3635819, 0.4891775, 0.1365995, 0.0106411],
    "blackmanharris": [0.35875, 0.48829, 0.14128, 0.01168],
    "flattop": [0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368]}


def window(name, count, n):
    """At all times."""
    t = np.arange(count)
    if count < 2 or name in ("none", "boxcar"):
        return np.ones(count)
    if name == "bartlett":
        return 2 * np.where(2 * t <= n, t, n - t) / n
    if name == "cosine":
        return turn(2 * t + 1, 4 * (n + 1), 0)
    if name == "tukey":
        flat = (t > n // 4) & (t < n - n // 4)
        return np.where(flat, 1, 0.5 - 0.5 * turn(2 * t % n, n, 1))
    a = COSINES[name]
    w = np.full(count, a[0])
    for k in range(1, len(a)):
        w = w + (-1) ** k * (a[k] * turn(k * t % n, n, 1))
    return w


def stft(p):
    count, channels, frequencies = of_rank(p, 3)
    if channels > 1 or count > 2**15 or frequencies > 2**24 or frequencies == 1:
        raise Refused("shape", "not that of an STFT")
    w = window(p["window"], count, count if p["periodic"] else count - 1)
    scale, scaling = 1.0, "none" if p["window"] == "none" else p["scaling"]
    if scaling != "none":
        terms = w * w if scaling == "density" else np.abs(w)
        scale = 0.0
        for term in terms:
            scale = scale + float(term)
        scale = math.sqrt(scale) if scaling == "density" else scale
    if count and scale == 0:
        raise Refused("shape", "the window is 0")
    length, quarter = 2 * (frequencies - 1), {"real": 1, "imag": 2}[p["side"]]
    largest = float(np.abs(w).max()) / scale if count else 0.0
    return sequence(p, 3, largest,
                    lambda t, c, f: turn(t * f % length, length, quarter) * w[t] / scale)


def softplus_inverse(x):
    return x + log(0 - expm1(0 - x))


def mapped(function, logarithm):
    """A rule: function(offset + scale * u); the offset is low, or its logarithm."""
    def rule(p):
        for name in ("low", "high", "floor"):
            if name not in p.values:
                if name == "floor":
                    continue
                raise Refused(name, "required")
            if not p[name] > 0:
                raise Refused(name, "not above 0")
        low, high = p["low"], p["high"]
        if low > high:
            raise Refused("high" if "high" in p else "low", "high is below low")
        start, end = (float(log(x)) if logarithm else x for x in (low, high))
        bounds = (low, high) if function is exp else \
            (float(function(start, p)), float(function(end, p)))
        return {"kind": "mapped", "offset": start, "scale": end - start, "low": bounds[0],
                "high": bounds[1],
                "function": (lambda y: exp(y)) if function is exp else (lambda y: function(y, p))}
    return rule


SEQUENCES = {
    "arange": arange, "linspace": linspace, "log arange": log_arange, "alibi": alibi, "rope": rope,
    "sinusoidal": sinusoidal, "stft": stft, "log uniform": mapped(exp, True),
    "log of uniform": mapped(lambda y, p: log(y), False),
    "dt bias": mapped(lambda y, p: softplus_inverse(np.maximum(exp(y), p["floor"])), True)}
