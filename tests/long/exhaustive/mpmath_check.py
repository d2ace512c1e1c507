#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks 'word z z_cut_at_2' lines on standard input against mpmath, 30 digits.

z is the quantile at p = (word + 1/2) / 2^64: not its inverse but the distribution function is
evaluated, and the difference of the masses divided by the density is the error of z, with the
second-order term. The contract allows 1e-15 * max(1, |z|).
"""
import itertools
import multiprocessing
import sys

from mpmath import mp, mpf, erfc, exp, sqrt, pi

LIMIT = 1e-15
mp.dps = 30
SQRT2 = sqrt(mpf(2))
OUTSIDE = erfc(SQRT2) / 2  # beyond 2 sigmas


def error(word, z, outside):
    """Weighted error of z; the mass is counted from the nearer end."""
    if z > 0:
        word, z = 2**64 - 1 - word, -z
    mass = outside + (1 - 2 * outside) * (2 * word + 1) / mpf(2) ** 65
    size = mpf(-z)
    step = (mass - erfc(size / SQRT2) / 2) * sqrt(2 * pi) * exp(size * size / 2)
    return float(abs(step / (1 + size * step / 2)) / max(1, size))


def check(lines):
    worst = [(0, ""), (0, "")]
    for line in lines:
        word, *values = line.split()
        for i, outside in enumerate((mpf(0), OUTSIDE)):
            z = float.fromhex(values[i])
            if (z > 0) != (int(word) >= 2**63) or z == 0:
                return [(float("inf"), "sign: " + line)] * 2
            worst[i] = max(worst[i], (error(int(word), z, outside), word))
    return worst


def chunks():
    while chunk := list(itertools.islice(sys.stdin, 2000)):
        yield chunk


def main():
    count, worst = 0, [(0, ""), (0, "")]
    with multiprocessing.Pool() as pool:
        for result in pool.imap_unordered(check, chunks()):
            worst = [max(a, b) for a, b in zip(worst, result)]
            count += 1
    for name, (value, word) in zip(("normal", "cut at 2"), worst):
        print(f"{name}: worst error {value:.3g} at word {word}")
    if count == 0 or not all(value <= LIMIT for value, _ in worst):
        sys.exit(f"above {LIMIT}, or nothing to check")


if __name__ == "__main__":
    main()
