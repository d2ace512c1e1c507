#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Derive the powers of ten of core/base/decimal.c, and prove that they are exact enough.

The shortest decimal of a value c * 2^q (Raffaello Giulietti, "The Schubfach way to
render doubles", 2021) follows from whole numbers alone, once the value and the ends of
its rounding interval are divided by 10^k, the power of ten just below the interval's
width: which whole numbers the interval holds, and which is closest to the value.

With X = 2^q * 10^-k the value is c X.  The ends are (2c - 1) X / 2, or (4c - 1) X / 4
where c is the power of two below which numbers are twice as dense, and (2c + 1) X / 2.
The C code has them in fixed point, with errors: X is rounded up, products down.  To tell
whether a whole number lies below an end, on it or above it, it moves the ends by HAIR
units of the last place, outwards if they belong to the interval, else inwards; in the
same way it tells on which side of a half the value lies.  That is right if

    error < HAIR < distance - error,

where 'distance' is the least one that an end has from a whole number that it is not, or
the value from a half that it is not.  Both are multiples n X / 2 of X, and the distance
comes from the smallest and the largest fractional part of n X over all n that a type
has, which Euclid's algorithm finds (the best approximations of X from either side).

    binary32 and narrower: 10^e has 64 bits, one table; fixed point with 36 bits.
    binary64: 10^e has 128 bits, the product of a table of 10^(28 j - 292) and one of
    5^0 to 5^27 (times powers of two); fixed point with 70 bits.

The proof covers each exponent of each type and both kinds of interval, and the formulas
for logarithms over their whole range.

Writes core/base/decimal_f32.inc, core/base/decimal_f64.inc and core/base/decimal_five.inc.  Takes a few
seconds.
"""

import argparse
import pathlib
from fractions import Fraction

# (significand bits, exponent of the smallest positive value, largest exponent of c)
NARROW = {
    "f32": (24, -149, 104),
    "f16": (11, -24, 5),
    "bf16": (8, -133, 120),
    "f8_e4m3": (4, -9, 5),
    "f8_e5m2": (3, -16, 13),
}
F64 = (53, -1074, 971)

# Exponents of ten; bits behind the point.  The first one is there for binary32 numbers that
# somebody calls f8_e5m2: a wrong text, but no read outside of the table.
NARROW_FIRST, NARROW_LAST, NARROW_POINT = -37, 45, 36
WIDE_FIRST, WIDE_LAST, WIDE_STEP, WIDE_POINT = -292, 324, 28, 70
HAIR = 5


# The formulas of core/base/decimal.c -----------------------------------------------------------

def floor_log10_pow2(q, three_quarters):
    """floor(log10(2^q)), or of 3/4 * 2^q."""
    return (q * 315653 - three_quarters * 131008) >> 20


def floor_log2_pow10(e):
    return (e * 217706) >> 16


def narrow_pow10(e):
    """10^e = g * 2^(floor(log2(10^e)) - 63): g and 0."""
    assert NARROW_FIRST <= e <= NARROW_LAST
    return normalised(e, 64), 0


def wide_pow10(e):
    """10^e = g * 2^(floor(log2(10^e)) - 127 - up): g and up, which is 0 or 1."""
    assert WIDE_FIRST <= e <= WIDE_LAST
    r = (e - WIDE_FIRST) % WIDE_STEP
    g = (normalised(e - r, 128) * five(r) >> 64) + 1
    return g, 1 - (g >> 127)


# Powers -----------------------------------------------------------------------------------

def ceil(fraction):
    return -(-fraction.numerator // fraction.denominator)


def normalised(e, bits):
    """10^e rounded up to a significand of this many bits."""
    g = ceil(Fraction(10) ** e / Fraction(2) ** (floor_log2_pow10(e) - bits + 1))
    assert g.bit_length() == bits
    return g


def five(r):
    """5^r with the highest of 64 bits set."""
    return 5**r << (64 - (5**r).bit_length())


# Proof ------------------------------------------------------------------------------------

def extreme_fractions(x, n_max):
    """Smallest and largest frac(n x), other than 0, for 1 <= n <= n_max; None if all are 0.

    low belongs to the n so far with the smallest fraction, high to the one with the
    largest, and is what it lacks to 1.  The next record of either is at the sum of both n.
    """
    low_n, low = 1, x - x.numerator // x.denominator
    high_n, high = 0, Fraction(1)
    if low == 0:
        return None
    while low != high and low_n + high_n <= n_max:
        # As many steps at once as leave the greater of the two above 0.
        if low > high:
            steps = min(ceil(low / high) - 1, (n_max - low_n) // high_n)
            low_n, low = low_n + steps * high_n, low - steps * high
        else:
            steps = min(ceil(high / low) - 1, (n_max - high_n) // low_n)
            high_n, high = high_n + steps * low_n, high - steps * low
    return low, 1 - high


def distance(x, significand_bits, irregular):
    """The least distance, other than 0, from n x / 2 to whole numbers or from c x to halves.

    n is 2c - 1, 2c or 2c + 1, for any c; or, irregular, 2c - 1/2, 2c or 2c + 1 with
    c = 2^(significand_bits - 1).
    """
    if irregular:
        n = 2**significand_bits
        fractions = [m * x % 1 for m in (n - Fraction(1, 2), n, n + 1)]
        fractions = [fraction for fraction in fractions if fraction]
        extremes = (min(fractions), max(fractions)) if fractions else None
    else:
        extremes = extreme_fractions(x, 2 ** (significand_bits + 1) - 1)
    return min(extremes[0], 1 - extremes[1]) / 2 if extremes else Fraction(1, 2)


def prove(name, precision, pow10, bits, point):
    significand_bits, q_min, q_max = precision
    unit = 2**point  # units of the last place in 1
    worst_error, least_distance = Fraction(0), Fraction(unit)
    for q in range(q_min, q_max + 1):
        for irregular in (0, 1):
            k = floor_log10_pow2(q, irregular)
            width = Fraction(2) ** q * (Fraction(3, 4) if irregular else 1)
            assert Fraction(10) ** k <= width < Fraction(10) ** (k + 1)

            g, up = pow10(-k)
            shift = q + floor_log2_pow10(-k) + 1 + up
            c_max = 2 ** (significand_bits - 1) if irregular else 2**significand_bits - 1
            # No shift of the C code loses a bit or is as long as the word.
            factor_shift = shift + point % 64
            assert factor_shift >= 0 and c_max << factor_shift < 2**64
            half_shift = bits + 1 - point - shift
            assert 0 < half_shift < 63
            assert (c_max + 2) * 10 ** -k * Fraction(2) ** q * unit < 2**bits

            x = Fraction(2) ** q / Fraction(10) ** k
            excess = Fraction(g * 2**shift, 2**bits) - x
            assert excess >= 0
            # Value and half of the width, both rounded down after the excess.
            worst_error = max(worst_error, 2, (c_max + 1) * excess * unit + 1)
            least_distance = min(least_distance, distance(x, significand_bits, irregular) * unit)
    print(f"{name}: error {float(worst_error):.2f} < {HAIR} < "
          f"{float(least_distance):.2f} - error")
    assert worst_error < HAIR < least_distance - worst_error


def check_extreme_fractions():
    """Euclid's algorithm against counting."""
    for a in range(1, 60):
        for b in range(1, 40):
            for n_max in (1, 2, 7, 33):
                x = Fraction(a, b)
                fractions = [n * x % 1 for n in range(1, n_max + 1)]
                fractions = [fraction for fraction in fractions if fraction]
                expected = (min(fractions), max(fractions)) if fractions else None
                assert extreme_fractions(x, n_max) == expected, (a, b, n_max)


def check_logarithms():
    for e in range(WIDE_FIRST, WIDE_LAST + 1):
        log = floor_log2_pow10(e)
        assert Fraction(2) ** log <= Fraction(10) ** e < Fraction(2) ** (log + 1)


# Output -----------------------------------------------------------------------------------

def write(path, what, rows):
    path.write_text("/* generated by scripts/derive_decimal.py */\n"
                    "/* SPDX-License-Identifier: MIT */\n"
                    f"/* {what} */\n" + "".join(row + ",\n" for row in rows))


def main():
    parser = argparse.ArgumentParser(description="Derive the powers of ten of decimal.c.")
    parser.add_argument("--root", type=pathlib.Path, help="write below this directory",
                        default=pathlib.Path(__file__).resolve().parent.parent)
    core = parser.parse_args().root / "core"

    check_extreme_fractions()
    check_logarithms()
    for name, precision in NARROW.items():
        prove(name, precision, narrow_pow10, 64, NARROW_POINT)
    prove("f64", F64, wide_pow10, 128, WIDE_POINT)

    write(core / "decimal_f32.inc",
          f"10^e for e = {NARROW_FIRST}..{NARROW_LAST}, rounded up to 64 bits",
          [f"0x{normalised(e, 64):016x}" for e in range(NARROW_FIRST, NARROW_LAST + 1)])
    wide = [normalised(e, 128) for e in range(WIDE_FIRST, WIDE_LAST + 1, WIDE_STEP)]
    write(core / "decimal_f64.inc",
          f"10^e for e = {WIDE_FIRST}, {WIDE_FIRST + WIDE_STEP}, .. up to {WIDE_LAST}, "
          "rounded up to 128 bits: high, low",
          [f"{{0x{g >> 64:016x}, 0x{g % 2**64:016x}}}" for g in wide])
    write(core / "decimal_five.inc",
          f"5^r for r = 0..{WIDE_STEP - 1}, highest bit set",
          [f"0x{five(r):016x}" for r in range(WIDE_STEP)])


if __name__ == "__main__":
    main()
