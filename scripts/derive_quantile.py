#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Derive the polynomial tables of the inverse normal distribution function.

The normal and truncated-normal fills turn one random word into one sample by
inverting the normal distribution function.  Half of the word gives the sign,
the other half a tail mass q in (0, 1/2), and the magnitude is

    z(q)  with  q = erfc(z / sqrt(2)) / 2.

The kernels hold the tail mass as a scaled floating-point number u and cut its
range by octaves: the exponent of u selects a segment, and the mantissa gives
t = mantissa - 1.5 in [-1/2, 1/2), exactly.  On each segment z is a polynomial
in t, evaluated by Horner's rule without fused multiply-add, so that every
processor produces the same bits.

    binary32: u = 2^32 q, 32 segments, u in [2^(s-1), 2^s)   for s = 0..31
    binary64: u = 2^64 q, 64 segments, u in [2^(s-33), 2^(s-32)) for s = 32..95

Every segment gets coefficients that hold over its whole octave, also where a
plain word reaches only a few points of it: symmetric truncation maps words to
other values of u.

How the coefficients are found, for each segment:

 1. z is interpolated at Chebyshev points with 40-digit arithmetic; the
    interpolant, exact to more than 25 digits, stands for z from there on.
 2. Remez exchange gives the polynomial of the wanted degree that minimises
    the largest error divided by max(1, z).  On the innermost segment it also
    vanishes at t = 1/2, as z does, so that no sample becomes 0 or changes sign.
 3. Coefficients are rounded to the target format from the highest down.  What
    rounding takes away from t^k is handed to the lower coefficients, except
    for its Chebyshev part, which no lower degree could hold.
 4. binary32 only: a search over neighbouring values of c0, c1 and c2 picks
    the triple with the smallest error of the binary32 evaluation itself, on
    all 2^23 values of t for the finalists.
 5. binary64 only: where rounding would let z rise across the edge between two
    segments, c0 and c1 move by the few last places that prevent it.

The result is deterministic.  Needs mpmath and numpy.

Usage:  derive_quantile.py              writes the two C tables
        derive_quantile.py --markdown   prints them for docs/SPEC.md instead
        derive_quantile.py --report     also prints the error of each segment

Takes about 90 seconds on one core.
"""

import argparse
import math
import pathlib
import struct
import sys

import mpmath
import numpy
from mpmath import mp, mpf

DEGREE32 = 7
DEGREE64 = 18
FIRST64 = 32  # rows below serve tails under 2^-65, which no word reaches uncut
NODES = 41  # Chebyshev points of the reference interpolant
GRID = 601  # points of the Remez grid
HALF = mpf(1) / 2

mp.dps = 40


def tail_to_z(q, z):
    """Return z with erfc(z / sqrt(2)) / 2 = q, from a guess z, by Halley's rule."""
    for _ in range(60):
        tail = mpmath.erfc(z / mpmath.sqrt(2)) / 2
        density = mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
        step = (tail - q) / density
        step = step / (1 + z * step / 2)
        z += step
        if abs(step) < mpf(10) ** -18 * (1 + z):  # cubic: now exact to 40 digits
            return z
    raise ArithmeticError("no convergence")


def chebyshev_monomials(degree):
    """Coefficients in t of T_0(2t) .. T_degree(2t), as lists of mpf."""
    rows = [[mpf(1)], [mpf(0), mpf(2)]]
    while len(rows) <= degree:
        row = [mpf(0)] + [4 * c for c in rows[-1]]
        for k, c in enumerate(rows[-2]):
            row[k] -= c
        rows.append(row)
    return rows


CHEBYSHEV = chebyshev_monomials(NODES)


def horner(coefficients, t):
    result = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        result = result * t + c
    return result


class Segment:
    """z over one octave of q, [2^exponent, 2^(exponent+1)), as a function of t."""

    def __init__(self, exponent, guess):
        self.exponent = exponent
        self.innermost = exponent == -2  # z falls to 0 at t = 1/2
        angles = [mpmath.pi * (i + HALF) / NODES for i in range(NODES)]
        values = []
        for angle in angles:  # t falls from 1/2, so z rises slowly from the guess
            t = mpmath.cos(angle) / 2
            guess = tail_to_z(mpmath.ldexp(t + 1 + HALF, exponent), guess)
            values.append(guess)
        self.last = guess
        self.chebyshev = []
        self.monomial = [mpf(0)] * NODES
        for k in range(NODES):
            c = 2 * mpmath.fsum(v * mpmath.cos(k * a) for v, a in zip(values, angles)) / NODES
            c = c / 2 if k == 0 else c
            self.chebyshev.append(float(c))
            for j, m in enumerate(CHEBYSHEV[k]):
                self.monomial[j] += c * m

    def reference(self, t):
        """z at an array of binary64 t, to about one part in 10^15."""
        return numpy.polynomial.chebyshev.chebval(2 * t, self.chebyshev)


def minimax(segment, degree):
    """Best weighted polynomial (list of mpf) and its largest weighted error.

    On the innermost segment the polynomial is (1/2 - t) times a free one.
    """
    grid = [-mpmath.cos(mpmath.pi * i / (GRID - 1)) / 2 for i in range(GRID)]
    target = [horner(segment.monomial, t) for t in grid]
    scale = [max(mpf(1), z) for z in target]
    factor = [HALF - t if segment.innermost else mpf(1) for t in grid]
    free = degree if segment.innermost else degree + 1  # number of free coefficients
    # The grid is itself spaced as Chebyshev points, so equal index steps start well.
    last = GRID - 1 if not segment.innermost else GRID - GRID // (2 * free)
    points = [round(i * last / free) for i in range(free + 1)]
    for _ in range(30):
        matrix = mpmath.matrix(free + 1, free + 1)
        right = mpmath.matrix(free + 1, 1)
        for row, p in enumerate(points):
            power = factor[p]
            for k in range(free):
                matrix[row, k] = power
                power *= grid[p]
            matrix[row, free] = scale[p] if row % 2 else -scale[p]
            right[row] = target[p]
        solution = mpmath.lu_solve(matrix, right)
        level = abs(solution[free])
        best = [solution[k] for k in range(free)]
        if segment.innermost:
            best = [HALF * c - d for c, d in zip(best + [mpf(0)], [mpf(0)] + best)]
        error = [(horner(best, t) - z) / w for t, z, w in zip(grid, target, scale)]
        largest = max(abs(e) for e in error)
        if largest <= level * mpf("1.0001"):
            return best, largest
        points = []  # the largest error of each run of equal sign
        for i, e in enumerate(error):
            if points and (error[points[-1]] > 0) == (e > 0):
                if abs(e) > abs(error[points[-1]]):
                    points[-1] = i
            else:
                points.append(i)
        while len(points) > free + 1:  # drop the weaker end
            points.pop(0 if abs(error[points[0]]) < abs(error[points[-1]]) else -1)
        if len(points) < free + 1:
            raise ArithmeticError("alternation lost")
    raise ArithmeticError("no convergence")


def to_binary32(x):
    """Nearest binary32 value, as a Python float (exact through binary64 but for ties
    that lie within 2^-53, which do not matter here: any neighbour is admissible)."""
    return float(numpy.float32(float(x)))


def round_down_the_degrees(coefficients, to_format, innermost):
    """Round from the highest coefficient down, handing the remainders to lower ones.

    On the innermost segment what is handed down also keeps the value at t = 1/2.
    """
    coefficients = list(coefficients)
    for k in range(len(coefficients) - 1, -1, -1):
        rounded = mpf(to_format(coefficients[k]))
        remainder = coefficients[k] - rounded
        leading = CHEBYSHEV[k][k]
        for j in range(k):
            coefficients[j] -= remainder * CHEBYSHEV[k][j] / leading
        if innermost and k:  # T_k(1) = 1
            coefficients[0] += remainder / leading
        coefficients[k] = rounded
    return [float(c) for c in coefficients]


def evaluate32(coefficients, t):
    """Horner's rule in binary32, product and sum rounded separately."""
    result = numpy.full(t.shape, coefficients[-1], numpy.float32)
    for c in coefficients[-2::-1]:
        result = result * t
        result = result + numpy.float32(c)
    return result


class Trial32:
    """Scores binary32 coefficients on a set of mantissas of one segment."""

    def __init__(self, segment, indices):
        self.t = (indices * 2.0**-23 - 0.5).astype(numpy.float32)
        t = self.t.astype(numpy.float64)
        self.z = segment.reference(t)
        self.weight = 1 / numpy.maximum(1, self.z)
        # A rounded u stands for tail masses half a unit to either side of it.
        slope = 2**0.5 * numpy.pi**0.5 * numpy.exp(self.z * self.z / 2)
        self.slack = slope * 2.0 ** segment.exponent * 2.0**-24

    def score(self, coefficients):
        error = numpy.abs(evaluate32(coefficients, self.t) - self.z)
        return float(numpy.max((error + self.slack) * self.weight))

    def largest_error(self, coefficients):
        return float(numpy.max(numpy.abs(evaluate32(coefficients, self.t) - self.z)))


def neighbour32(x, steps):
    """The binary32 value a number of representable values above x (x != 0)."""
    bits = struct.unpack("<i", struct.pack("<f", x))[0]
    return struct.unpack("<f", struct.pack("<i", bits + (steps if x > 0 else -steps)))[0]


def search32(segment, start):
    """Best neighbour of `start` in c0, c1, c2 by the error of the evaluation itself."""
    every = numpy.arange(2**23)
    coarse = numpy.arange(2**12)
    coarse = coarse * 2**11 + coarse * 1237 % 2**11
    fine = numpy.arange(2**16)
    fine = fine * 2**7 + fine * 77 % 2**7
    candidates = []
    for d0 in range(-2, 3):
        for d1 in range(-3, 4):
            for d2 in range(-5, 6):
                candidates.append([neighbour32(start[0], d0), neighbour32(start[1], d1),
                                   neighbour32(start[2], d2)] + start[3:])
    if segment.innermost:  # stay positive and close to 0 at the end
        end = Trial32(segment, every[-4096:])
        candidates = [c for c in candidates if end.largest_error(c) <= 1.5 * 2.0**-25]
    for indices, keep in ((coarse, 24), (fine, 4), (every, 1)):
        trial = Trial32(segment, indices)
        scored = sorted((trial.score(c), i) for i, c in enumerate(candidates))
        candidates = [candidates[i] for _, i in scored[:keep]]
    return candidates[0], scored[0][0]


def join64(row, inner):
    """Smallest change of c0 and c1 after which z does not rise from the last value of t
    of this segment to the first of the next one towards the middle, `inner`."""
    first = horner(inner, -0.5)
    trials = []
    for d0 in range(0, 2):
        for d1 in range(-8, 65):
            change = d0 * math.ulp(row[0]) + abs(d1) * math.ulp(row[1]) / 2
            trials.append((change, d0, d1))
    for _, d0, d1 in sorted(trials):
        trial = [row[0] + d0 * math.ulp(row[0]), row[1] + d1 * math.ulp(row[1])] + row[2:]
        if horner(trial, 0.5 - 2.0**-52) >= first:
            return trial
    raise ArithmeticError("segments do not join")


def derive(count, first_exponent, degree, to_format, search, report):
    """All segments of one table; q of segment s starts at 2^(first_exponent + s)."""
    rows = []
    guess = mpf("0.1")
    for s in range(count - 1, -1, -1):  # from the middle outwards: z keeps growing
        segment = Segment(first_exponent + s, guess)
        guess = segment.last
        best, error = minimax(segment, degree)
        row = round_down_the_degrees(best, to_format, segment.innermost)
        note = "segment %2d: approximation %.3e" % (s, float(error))
        if search:
            row, total = search(segment, row)
            note += ", with rounding %.3e" % total
        elif rows:
            row = join64(row, rows[0])
        if report:
            print(note, file=sys.stderr)
        rows.insert(0, row)
    return rows


def hex_literal(x, suffix):
    digits, exponent = x.hex().split("p")
    return digits.rstrip("0").rstrip(".") + "p" + exponent + suffix


def c_rows(rows, suffix):
    lines = []
    for row in rows:
        literals = [hex_literal(x, suffix) for x in row]
        lines.append("{" + ",\n ".join(", ".join(literals[i:i + 4])
                                       for i in range(0, len(literals), 4)) + "}")
    return ",\n".join(lines) + "\n"


HEADER = """/* generated by scripts/derive_quantile.py: degree %d, %s */
/* SPDX-License-Identifier: MIT */
/* Magnitude of the normal quantile by octaves of the tail mass: %s.
 * %s */
"""


def c_table32(rows):
    columns = [[row[k] for row in rows] for k in range(len(rows[0]))]
    return HEADER % (len(columns) - 1, "%d segments, coefficient-major" % len(rows),
                     "u = 2^32 q",
                     "Row k holds the coefficient of t^k for the segments 0..31.") \
        + c_rows(columns, "f")


def c_table64(rows):
    return HEADER % (len(rows[0]) - 1, "%d segments, segment-major" % len(rows),
                     "u = 2^64 q",
                     "Row s - %d holds the coefficients of t^0, t^1, ... for segment s." % FIRST64) \
        + c_rows(rows, "")


def markdown(rows, form, digits, first=0):
    degree = len(rows[0]) - 1
    lines = ["| s | " + " | ".join("c%d" % k for k in range(degree + 1)) + " |",
             "|--:|" + "---|" * (degree + 1)]
    for s, row in enumerate(rows, first):
        cells = ["`" + struct.pack(form, x).hex().rjust(digits, "0") + "`" for x in row]
        lines.append("| %d | " % s + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Derive the normal quantile tables.")
    parser.add_argument("--markdown", action="store_true", help="print tables, write no file")
    parser.add_argument("--report", action="store_true", help="print errors to stderr")
    parser.add_argument("--degree32", type=int, default=DEGREE32)
    parser.add_argument("--degree64", type=int, default=DEGREE64)
    parser.add_argument("--only", choices=("32", "64"), help="derive one table only")
    parser.add_argument("--root", type=pathlib.Path, help="write below this directory",
                        default=pathlib.Path(__file__).resolve().parent.parent)
    options = parser.parse_args()

    if options.only != "64":
        rows = derive(32, -33, options.degree32, to_binary32, search32, options.report)
        if options.markdown:
            print("binary32, degree %d\n\n%s\n" % (options.degree32, markdown(rows, ">f", 8)))
        else:
            path = options.root / "core" / "kernels" / "quantile_f32.inc"
            path.write_text(c_table32(rows))
    if options.only != "32":
        rows = derive(64, -65, options.degree64, float, None, options.report)
        if options.markdown:
            print("binary64, degree %d\n\n%s" % (options.degree64, markdown(rows, ">d", 16, FIRST64)))
        else:
            path = options.root / "core" / "kernels" / "quantile_f64.inc"
            path.write_text(c_table64(rows))


if __name__ == "__main__":
    main()
