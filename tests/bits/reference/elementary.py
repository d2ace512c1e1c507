# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Elementary functions", of arrays of binary64."""
import math

import numpy as np

LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
INV_LN2, TWO_OVER_PI = float.fromhex("0x1.71547652b82fep+0"), float.fromhex("0x1.45f306dc9c883p-1")
HALF_PI = [float.fromhex(part) for part in
           ("0x1.921fb54p+0", "0x1.10b4611p-30", "0x1.4c4c662p-59", "0x1.1701b839a252p-88")]
SQRT_HALF = float.fromhex("0x1.6a09e667f3bcdp-1")


def sum_of(x, c):
    total = c[-1]
    for coefficient in c[-2::-1]:
        total = coefficient + x * total
    return total


def over_factorials(first, count, step=1, sign=1):
    return [sign ** (k + 1) / math.factorial(first + step * k) for k in range(count)]


def exp(x):
    x = np.asarray(x, dtype=np.float64)
    inside = np.clip(x, -745, 710)
    n = np.floor(inside * INV_LN2 + 0.5)
    r = (inside - n * LN2_HIGH) - n * LN2_LOW
    half = np.floor(n / 2)
    y = sum_of(r, over_factorials(0, 14)) * np.ldexp(1.0, half.astype(int))
    y = y * np.ldexp(1.0, (n - half).astype(int))
    return np.where(x < -745, 0.0, np.where(x > 710, np.inf, y))


def expm1(x):
    x = np.asarray(x, dtype=np.float64)
    near = x + x * x * sum_of(x, over_factorials(2, 14))
    return np.where(np.abs(x) >= 0.5, exp(x) - 1, near)


def log(x):
    m, e = np.frexp(np.asarray(x, dtype=np.float64))
    low = m < SQRT_HALF
    m, e = np.where(low, 2 * m, m), np.where(low, e - 1, e).astype(np.float64)
    s = (m - 1) / (m + 1)
    z = s * s
    log_m = 2 * s + 2 * s * (z * sum_of(z, [1 / k for k in range(3, 24, 2)]))
    return e * LN2_HIGH + (log_m + e * LN2_LOW)


def sin(x, quarter=0):
    """sin(x + quarter * pi / 2)"""
    x = np.asarray(x, dtype=np.float64)
    n = np.floor(x * TWO_OVER_PI + 0.5)
    r = x
    for part in HALF_PI:
        r = r - n * part
    z = r * r
    q = (n.astype(np.int64) + quarter) & 3
    even = 1 + z * sum_of(z, over_factorials(2, 9, 2, -1))
    odd = r + r * (z * sum_of(z, over_factorials(3, 8, 2, -1)))
    y = np.where(q & 1, even, odd)
    return np.where(q & 2, -y, y)
