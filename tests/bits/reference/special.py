# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Special functions": tail and mass of the standard normal, and tau, in
double-double arithmetic. Python's floats are binary64, each operation rounded by itself."""
import math

from tables import INV_SQRT_2PI, LN2


def fast_sum(a, b):
    h = a + b
    return h, b - (h - a)


def two_sum(a, b):
    h = a + b
    p = h - a
    return h, (a - (h - p)) + (b - p)


def split(a):
    c = 134217729.0 * a
    h = c - (c - a)
    return h, a - h


def product(a, b):
    h = a * b
    (ah, al), (bh, bl) = split(a), split(b)
    return h, (((ah * bh - h) + ah * bl) + al * bh) + al * bl


def dd(a):
    return float(a), 0.0


def add(a, b):
    h, low = two_sum(a[0], b[0])
    return fast_sum(h, low + (a[1] + b[1]))


def sub(a, b):
    return add(a, (-b[0], -b[1]))


def mul(a, b):
    h, low = product(a[0], b[0])
    return fast_sum(h, low + (a[0] * b[1] + a[1] * b[0]))


def div(a, b):
    q1 = a[0] / b[0]
    c = sub(a, mul((q1, 0.0), b))
    q2 = c[0] / b[0]
    d = sub(c, mul((q2, 0.0), b))
    q3 = d[0] / b[0]
    return add(fast_sum(q1, q2), (q3, 0.0))


def exp(x):
    j = math.trunc(x[0] / LN2[0] - 0.5)
    r = sub(x, mul(dd(j), LN2))
    s = dd(1)
    for k in range(28, 0, -1):
        s = add(dd(1), mul(div(r, dd(k)), s))
    return s[0] * 2.0**j, s[1] * 2.0**j


def density(x):
    if not -37 < x < 37:
        return dd(0)
    h, low = product(x, x)
    return mul(exp((-0.5 * h, -0.5 * low)), INV_SQRT_2PI)


def from_zero(x):
    square, term = product(x, x), dd(x)
    s = term
    for k in range(1, 121):
        term = div(mul(term, square), dd(2 * k + 1))
        s = add(s, term)
    return mul(density(x), s)


def far(x):
    f = dd(x)
    for k in range(100, 0, -1):
        f = add(dd(x), div(dd(k), f))
    return div(density(x), f)


def tail(x):
    if x < 0:
        return sub(dd(1), tail(-x))
    if x < 6:
        return sub(dd(0.5), from_zero(x))
    return far(x) if x < 37 else dd(0)


def interval(a, b):
    if a == -b and b < 6:
        half = from_zero(b)
        return add(half, half)
    return sub(tail(a), tail(b)) if a > 0 else sub(tail(-b), tail(-a))


def moment(x):
    return mul(dd(x), density(x)) if -37 < x < 37 else dd(0)


# The results that are used.


def normal_tail(x):
    return tail(x)[0]


def normal_mass(a, b):
    return interval(a, b)[0]


def variance(c):
    return add(dd(1), div(sub(moment(-c), moment(c)), interval(-c, c)))[0]


def tau(c):
    return math.sqrt(variance(c))
