#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Derive the tables of core/base/decimal.c, and prove that they are exact enough.

The shortest decimal of a value c * 2^q (Raffaello Giulietti, "The Schubfach way to
render doubles", 2021) follows from integers alone, once the value and the ends of
its rounding interval are divided by 10^(k+1), where 10^k is the power of ten just below
the interval's width: whether the interval holds an integer, and, if not, which tenth
is closest to the value.

With X = 2^q * 10^-(k+1) the value is c X.  The ends are (2c - 1) X / 2, or (4c - 1) X / 4
where c is the power of two below which numbers are twice as dense, and (2c + 1) X / 2.
The C code has them in fixed point, with errors: X is rounded up, products down.  To tell
whether an integer lies below an end, on it or above it, it moves the ends by HAIR
units of the last place, outwards if they belong to the interval, else inwards; in the
same way it tells on which side of an odd twentieth the value lies.  That is right if

    error < HAIR < distance - error,

where 'distance' is the least one that an end has from an integer that it is not, or
the tenfold value from a half that it is not (there, ten times error and HAIR count).
They are multiples n X / 2 or 10 n X / 2, and the distance comes from the smallest and the
largest fractional part of n X over all n that a type has, which Euclid's algorithm finds
(the best approximations of X from either side).

    Exact way, any type: 10^e has 125 bits; fixed point with 74 bits.
    binary32 and narrower: X has 64 bits, all behind the point.
    binary64: 10^e has 125 bits; fixed point with 64 bits.  Too few to tell the closest
    cases apart, so the C code goes the exact way if the difference that decides is not above
    MARGIN or TEN_MARGIN units of the last place, which must be no less than its error.

The proof covers each exponent of each type and both kinds of interval, and the formulas
for logarithms over their whole range.

Writes core/base/decimal_f32.inc and core/base/decimal_f64.inc.  Takes a few seconds.
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

# Exponents of two; the last one is there for binary32 numbers that somebody calls f8_e4m3: a
# wrong text, but no read outside of the table.
NARROW_FIRST, NARROW_LAST = -149, 124
NARROW_HAIR, NARROW_TEN_HAIR = 2**25, 2**29
# Exponents of ten, bits of 10^e, bits behind the point.
BINARY64_FIRST, BINARY64_LAST, BINARY64_BITS, BINARY64_POINT = -293, 323, 125, 74
BINARY64_HAIR, BINARY64_TEN_HAIR, MARGIN, TEN_MARGIN = 8, 80, 8, 16


# The formulas of core/base/decimal.c -----------------------------------------------------------

def floor_log10_pow2(q, three_quarters):
    """floor(log10(2^q)), or of 3/4 * 2^q."""
    return (q * 315653 - three_quarters * 131008) >> 20


def floor_log2_pow10(e):
    return (e * 217706) >> 16


# Powers -----------------------------------------------------------------------------------

def ceil(fraction):
    return -(-fraction.numerator // fraction.denominator)


def normalised(e, bits):
    """10^e rounded up to a significand of this many bits."""
    g = ceil(Fraction(10) ** e / Fraction(2) ** (floor_log2_pow10(e) - bits + 1))
    assert g.bit_length() == bits
    return g


def narrow_x(q):
    """2^q / 10^(k+1) rounded up to 64 bits behind the point."""
    return ceil(Fraction(2) ** (q + 64) / Fraction(10) ** (floor_log10_pow2(q, 0) + 1))


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
    """The least distance, other than 0, from any of n x / 2 to an integer.

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


def scale(q, irregular):
    """k and X."""
    k = floor_log10_pow2(q, irregular)
    width = Fraction(2) ** q * (Fraction(3, 4) if irregular else 1)
    x = Fraction(2) ** q / Fraction(10) ** (k + 1)
    assert Fraction(10) ** k <= width < Fraction(10) ** (k + 1)
    # No digit is rounded up to 10: from 0.95 on, the interval reaches 1.  An X of just 0.1
    # multiplies c to whole tenths.
    assert irregular or x == Fraction(1, 10) or x > Fraction(1001, 10000)
    return k, x


def prove_exact(name, precision):
    significand_bits, q_min, q_max = precision
    unit = 2**BINARY64_POINT  # units of the last place in 1
    worst_error, smallest_distance = Fraction(0), Fraction(unit)
    for q in range(q_min, q_max + 1):
        for irregular in (0, 1):
            k, x = scale(q, irregular)
            assert BINARY64_FIRST <= -1 - k <= BINARY64_LAST
            g = normalised(-1 - k, BINARY64_BITS) << 3
            shift = q + floor_log2_pow10(-1 - k) + BINARY64_POINT - 64 + 1
            c_max = 2 ** (significand_bits - 1) if irregular else 2**significand_bits - 1
            # No shift of the C code loses a bit or is as long as the word, no sum overflows.
            assert 0 < shift and c_max << shift < 2**64 and 0 < 65 - shift < 64
            assert (c_max + 1) * x * unit < 2**128 and 20 * unit < 2**128

            excess = Fraction(g << shift, 2**64 * unit) - x
            assert excess >= 0
            # Value and half of the width, both rounded down after the excess.
            worst_error = max(worst_error, 2, (c_max + 1) * excess * unit + 1)
            smallest_distance = min(smallest_distance,
                                 distance(x, significand_bits, irregular) * unit,
                                 distance(10 * x, significand_bits, irregular) * unit / 10)
    print(f"{name}, exact: error {float(worst_error):.2f} < {WIDE_HAIR} < "
          f"{float(least_distance):.2f} - error")
    assert worst_error < BINARY64_HAIR < smallest_distance - worst_error
    assert BINARY64_TEN_HAIR == 10 * BINARY64_HAIR


def prove_narrow(name, precision):
    """Of all but powers of two below which numbers are twice as dense."""
    significand_bits, q_min, q_max = precision
    unit, c_max = 2**64, 2**significand_bits - 1
    worst_error = worst_ten = Fraction(0)
    smallest_distance = smallest_ten = Fraction(unit)
    for q in range(q_min, q_max + 1):
        assert NARROW_FIRST <= q <= NARROW_LAST
        x = scale(q, 0)[1]
        excess = narrow_x(q) - x * unit
        assert excess >= 0
        # The interval holds one integer at most, and is wider than the hairs.
        assert narrow_x(q) + 2 * NARROW_HAIR < unit and x * unit > 8 * NARROW_TEN_HAIR
        # Value, and half of the width, which is rounded down after the excess.
        worst_error = max(worst_error, c_max * excess + max(1, excess / 2))
        worst_ten = max(worst_ten, 10 * c_max * excess)
        smallest_distance = min(smallest_distance, distance(x, significand_bits, 0) * unit)
        smallest_ten = min(smallest_ten, distance(10 * x, significand_bits, 0) * unit)
    print(f"{name}: error {float(worst_error):.3g} < {NARROW_HAIR} < "
          f"{float(least_distance):.3g} - error, of the tenfold {float(worst_ten):.3g} < "
          f"{NARROW_TEN_HAIR} < {float(least_ten):.3g} - error")
    assert worst_error < NARROW_HAIR < smallest_distance - worst_error
    assert worst_ten < NARROW_TEN_HAIR < smallest_ten - worst_ten


def prove_binary64():
    """Of all but powers of two and subnormal numbers."""
    significand_bits, q_min, q_max = F64
    unit, c_max = 2**64, 2**significand_bits - 1
    worst_error = worst_ten = Fraction(0)
    for q in range(q_min, q_max + 1):
        k, x = scale(q, 0)
        g = normalised(-1 - k, BINARY64_BITS)
        shift = q + floor_log2_pow10(-1 - k) + 4
        assert 0 <= shift and c_max << shift < 2**64 and g >> 64 << shift < 2**64
        assert (c_max + 1) * x < 10**16
        # The interval holds one integer at most, and is wide enough for the margins.
        assert x * unit + 2 * MARGIN < unit and x * unit > 8 * TEN_MARGIN
        excess = Fraction(g << shift, 2**64) - x * unit
        assert excess >= 0
        value_error = max(1, c_max * excess)  # the product is rounded down
        half_width_error = abs(x * unit / 2 - (g >> 64 << shift >> 1))
        worst_error = max(worst_error, value_error + half_width_error)
        worst_ten = max(worst_ten, 10 * value_error)
    print(f"f64: error {float(worst_error):.2f} <= {MARGIN}, of the tenfold "
          f"{float(worst_ten):.2f} <= {TEN_MARGIN}")
    assert worst_error <= MARGIN and worst_ten <= TEN_MARGIN


def prove_few_digits():
    """10 is no shorter than 9, so it is wrong to take it where a value is closer to 9.

    Which intervals hold 1 (times 10^(k+1)) though the value is less than 0.95?  The exact way
    compares with a number that is close to 0.95; no value is.
    """
    threshold = Fraction(2 ** (BINARY64_POINT - 64) - 2 ** (BINARY64_POINT - 64) // 20,
                         2 ** (BINARY64_POINT - 64))
    margin = abs(threshold - Fraction(19, 20)) + Fraction(1, 2**20)
    for name, (significand_bits, q_min, q_max) in {**NARROW, "f64": F64}.items():
        few = []
        for q in range(q_min, q_max + 1):
            for irregular in (0, 1):
                x = scale(q, irregular)[1]
                assert 10 * x >= 1  # from c = 10 on no value is less than 1
                first = 1 if q == q_min else 2 ** (significand_bits - 1)
                for c in range(first, min(10, 2**significand_bits)):
                    assert abs(c * x - Fraction(19, 20)) > margin
                    number = f"{c} * 2^{q}"
                    if c * x < Fraction(19, 20) and (2 * c + 1) * x / 2 >= 1 and \
                            number not in few:
                        few.append(number)
        if few:
            print(f"{name}: 10 is no shorter than 9 for", *few)
        assert not few or name not in ("f32", "f64")


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
    for e in range(BINARY64_FIRST, BINARY64_LAST + 1):
        log = floor_log2_pow10(e)
        assert Fraction(2) ** log <= Fraction(10) ** e < Fraction(2) ** (log + 1)


def check_digits():
    """The multiplications that stand for divisions where digits become text."""
    for n in range(10000):
        assert n * 10486 >> 20 == n // 100 and n * 10486 < 2**32
        # Both change with n in steps: equal at the ends of each, equal everywhere.
        for m in (10000 * n, 10000 * n + 9999):
            assert m * 109951163 >> 40 == m // 10000 and m * 109951163 < 2**64
    for n in range(100):
        assert n * 103 >> 10 == n // 10 and n * 103 < 2**16


def check_constants(source):
    """Those that the C code has, too."""
    for name, value in (("NARROW_FIRST", f"({NARROW_FIRST})"),
                        ("WIDE_FIRST", f"({WIDE_FIRST})"),
                        ("NARROW_HAIR", "((uint64_t)1 << 25)"),
                        ("NARROW_TEN_HAIR", "((uint64_t)1 << 29)"),
                        ("BINARY64_HAIR", BINARY64_HAIR), ("BINARY64_TEN_HAIR", BINARY64_TEN_HAIR),
                        ("MARGIN", MARGIN), ("TEN_MARGIN", TEN_MARGIN)):
        assert f"#define {name} {value}\n" in source, name


# Output -----------------------------------------------------------------------------------

def write(path, what, rows):
    path.write_text("/* generated by scripts/derive_decimal.py */\n"
                    "/* SPDX-License-Identifier: MIT */\n"
                    f"/* {what} */\n" + "".join(row + ",\n" for row in rows))


def main():
    parser = argparse.ArgumentParser(description="Derive the tables of decimal.c.")
    parser.add_argument("--root", type=pathlib.Path, help="write below this directory",
                        default=pathlib.Path(__file__).resolve().parent.parent)
    core = parser.parse_args().root / "core/base"

    check_extreme_fractions()
    check_logarithms()
    check_digits()
    check_constants((core / "decimal.c").read_text())
    for name, precision in {**NARROW, "f64": F64}.items():
        prove_exact(name, precision)
    for name, precision in NARROW.items():
        prove_narrow(name, precision)
    prove_binary64()
    prove_few_digits()

    write(core / "decimal_f32.inc",
          f"2^q / 10^(floor(log10(2^q)) + 1) for q = {NARROW_FIRST}..{NARROW_LAST}, "
          "rounded up to 64 bits behind the point",
          [f"0x{narrow_x(q):016x}" for q in range(NARROW_FIRST, NARROW_LAST + 1)])
    binary64 = [normalised(e, BINARY64_BITS) for e in range(BINARY64_FIRST, BINARY64_LAST + 1)]
    write(core / "decimal_f64.inc",
          f"10^e for e = {WIDE_FIRST}..{WIDE_LAST}, rounded up to {WIDE_BITS} bits: high, low",
          [f"{{0x{g >> 64:016x}, 0x{g % 2**64:016x}}}" for g in binary64])


if __name__ == "__main__":
    main()
