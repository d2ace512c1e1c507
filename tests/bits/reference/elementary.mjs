// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Elementary functions".
const LN2_HIGH = 0x162e42fee * 2 ** -33;
const LN2_LOW = 0x1a39ef35793c76 * 2 ** -85;
const INV_LN2 = 0x171547652b82fe * 2 ** -52;
const TWO_OVER_PI = 0x145f306dc9c883 * 2 ** -53;
const HALF_PI = [0x1921fb54 * 2 ** -28, 0x110b4611 * 2 ** -58, 0x14c4c662 * 2 ** -87, 0x11701b839a252 * 2 ** -136];
const SQRT_HALF = 0x16a09e667f3bcd * 2 ** -53;

const sumOf = (x, c) => c.reduceRight((total, coefficient) => coefficient + x * total);
const factorial = (k) => (k < 2 ? 1 : k * factorial(k - 1));
const overFactorials = (first, count, step = 1, sign = 1) => Array.from({ length: count },
    (_, k) => (sign < 0 && k % 2 === 0 ? -1 : 1) / factorial(first + step * k));

const EXP = overFactorials(0, 14);
const EXPM1 = overFactorials(2, 14);
const LOG = Array.from({ length: 11 }, (_, k) => 1 / (2 * k + 3));
const EVEN = overFactorials(2, 9, 2, -1);
const ODD = overFactorials(3, 8, 2, -1);

export function exp(x) {
    if (x < -745) return 0;
    if (x > 710) return Infinity;
    const n = Math.floor(x * INV_LN2 + 0.5);
    const r = (x - n * LN2_HIGH) - n * LN2_LOW;
    const half = Math.floor(n / 2);
    return sumOf(r, EXP) * 2 ** half * 2 ** (n - half);
}

export const expm1 = (x) => (Math.abs(x) >= 0.5 ? exp(x) - 1 : x + x * x * sumOf(x, EXPM1));

export function log(x) {
    let [m, e] = [x, 0];
    while (m >= 1) [m, e] = [m / 2, e + 1];
    while (m < 0.5) [m, e] = [m * 2, e - 1];
    if (m < SQRT_HALF) [m, e] = [m * 2, e - 1];
    const s = (m - 1) / (m + 1);
    const z = s * s;
    const logM = 2 * s + 2 * s * (z * sumOf(z, LOG));
    return e * LN2_HIGH + (logM + e * LN2_LOW);
}

// sin(x + quarter * pi / 2)
export function sin(x, quarter = 0) {
    const n = Math.floor(x * TWO_OVER_PI + 0.5);
    const r = HALF_PI.reduce((rest, part) => rest - n * part, x);
    const z = r * r;
    const q = (n + quarter) % 4;
    const y = q % 2 === 1 ? 1 + z * sumOf(z, EVEN) : r + r * (z * sumOf(z, ODD));
    return q >= 2 ? -y : y;
}
