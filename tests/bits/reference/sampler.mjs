// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Words" to "Truncated normal": from a distribution and words to values.
import { orthogonalOf } from './orthogonal.mjs';
import { Refused } from './refused.mjs';
import { normalMass, normalTail } from './special.mjs';
import { FIRST64, PHILOX, QUANTILE32, QUANTILE64 } from './tables.mjs';

// Words ----------------------------------------------------------------------------------

const low32 = (x) => Number(x & 0xffffffffn);
const high32 = (x) => Number(x >> 32n);

// Upper half of the product of two 32-bit numbers, in halves that a binary64 number holds.
function mulHigh(a, b) {
    const upper = (a >>> 16) * b + Math.floor(((a & 0xffff) * b) / 65536);
    return Math.floor(upper / 65536);
}

function philox(c0, c1, c2, c3, k0, k1) {
    for (let round = 0; round < 10; round++) {
        const h0 = mulHigh(PHILOX.M0, c0);
        const h1 = mulHigh(PHILOX.M1, c2);
        const l0 = Math.imul(PHILOX.M0, c0) >>> 0;
        const l1 = Math.imul(PHILOX.M1, c2) >>> 0;
        [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
        k0 = (k0 + PHILOX.W0) >>> 0;
        k1 = (k1 + PHILOX.W1) >>> 0;
    }
    return [c0, c1, c2, c3];
}

// The words of a block, which is a BigInt with the lane in its top two bits.
export function wordsOf(seed, stream) {
    const rest = [low32(stream), high32(stream), low32(seed), high32(seed)];
    return (lane, block) => {
        const b = block + (BigInt(lane) << 62n);
        return philox(low32(b), high32(b), ...rest);
    };
}

// Quantiles ------------------------------------------------------------------------------

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);
const f64 = new Float64Array(1);
const halves = new Uint32Array(f64.buffer); // low, high: node runs on little-endian hosts

const { fround } = Math;

// The last numbers below one half.
const CAP32 = 2 ** 31 - 2 ** 7;
const CAP64 = 2 ** 63 - 2 ** 10;

function quantile32(tail) {
    f32[0] = tail;
    const row = QUANTILE32[(u32[0] >>> 23) - 127 + 1];
    u32[0] = (u32[0] & 0x7fffff) | 0x3f800000;
    const t = fround(f32[0] - 1.5);
    let z = row[7];
    for (let k = 6; k >= 0; k--) z = fround(fround(z * t) + row[k]);
    return z;
}

// Of a tail that may be too small or too large.
function quantile64(tail) {
    f64[0] = Math.min(Math.max(tail, 0.5), CAP64);
    const row = QUANTILE64[(halves[1] >>> 20) - 1023 + 33 - FIRST64];
    halves[1] = (halves[1] & 0xfffff) | 0x3ff00000;
    const t = f64[0] - 1.5;
    let z = row[18];
    for (let k = 17; k >= 0; k--) z = z * t + row[k];
    return z;
}

// From a distribution and words to values ------------------------------------------------

function clamp(x, low, high) {
    const raised = x > low ? x : low;
    return raised < high ? raised : high;
}

// The number before x in the compute type.
function before(x, isF64) {
    if (x === 0) return isF64 ? -Number.MIN_VALUE : -(2 ** -149);
    const away = x < 0;
    if (!isF64) {
        f32[0] = x;
        u32[0] += away ? 1 : -1;
        return f32[0];
    }
    f64[0] = x;
    const bits = new BigUint64Array(f64.buffer);
    bits[0] += away ? 1n : -1n;
    return f64[0];
}

// A word is given as its upper and its lower 32 bits; 'high' is all there is of 32-bit words.
// This is the number of a word of 64 ('isF64') or 32 bits, rounded once.
const wordNumber = (high, low, isF64) => (isF64 ? high * 2 ** 32 + low : high);

function magnitude(high, low, isF64) {
    return high >= 2 ** 31 ? wordNumber(~high >>> 0, ~low >>> 0, isF64)
        : wordNumber(high, low, isF64);
}

// The upper 24 or 53 bits of a word.
const topBits = (high, low, isF64) => (isF64 ? high * 2 ** 21 + (low >>> 11) : high >>> 8);

// u of a word.
const unit = (high, low, isF64) => topBits(high, low, isF64) * (isF64 ? 2 ** -53 : 2 ** -24);

// v of a word.
function symmetricUnit(high, low, isF64) {
    const top = topBits(high, low, isF64);
    if (!isF64) return (2 * top + 1 - 2 ** 24) * 2 ** -24;
    // 2 * top + 1 needs 54 bits, but half of it, and the sum with -2^52, do not.
    return (top - 2 ** 52 + 0.5) * 2 ** -52;
}

function uniformOf({ low, high }, isF64, R, type) {
    const [minimum, end] = [R(low), R(high)];
    if (low === high) return { largest: Math.abs(minimum), value: () => minimum };
    if (!(minimum < end)) throw new Refused('high', 'low and high round to the same number');
    const scale = R(high - low);
    if (!Number.isFinite(scale)) throw new Refused('high', 'high - low is not finite');
    const maximum = end === Infinity ? end : before(end, isF64);
    return {
        largest: Math.max(Math.abs(minimum), Math.abs(maximum)),
        value(upper, lower) {
            const x = type(minimum + type(scale * unit(upper, lower, isF64)));
            return x < maximum ? x : maximum;
        },
    };
}

// A function from words to z of the standard normal.
function normalQuantile(isF64) {
    return (high, low) => {
        const m = magnitude(high, low, isF64);
        const z = isF64 ? quantile64(0.5 + m)
            : quantile32(Math.min(fround(0.5 + fround(m)), CAP32));
        return high >= 2 ** 31 ? z : -z;
    };
}

// The same for a cut, before its clamp.
function cutQuantile(cut, isF64) {
    const symmetricCut = cut.low === -cut.high;
    if (!isF64 && symmetricCut && cut.high >= 0.5) {
        const q = normalTail(cut.high);
        const offset = fround(2 ** 32 * q + (0.5 - q));
        const scale = fround(1 - 2 * q);
        return (high, low) => {
            const m = fround(magnitude(high, low, isF64));
            const z = quantile32(Math.min(fround(offset + fround(scale * m)), CAP32));
            return high >= 2 ** 31 ? z : -z;
        };
    }
    const step = normalMass(cut.low, cut.high) * (isF64 ? 1 : 2 ** 32);
    const lowerOffset = 2 ** 64 * normalTail(-cut.low) + step / 2;
    const upperOffset = 2 ** 64 * normalTail(cut.high) + step / 2;
    if (symmetricCut) {
        return (high, low) => {
            const tail = lowerOffset + step * magnitude(high, low, isF64);
            const z = quantile64(tail);
            return high >= 2 ** 31 ? z : -z;
        };
    }
    return (high, low) => {
        const below = lowerOffset + step * wordNumber(high, low, isF64);
        if (!(below > 2 ** 63)) return -quantile64(below);
        const above = upperOffset + step * wordNumber(~high >>> 0, ~low >>> 0, isF64);
        return quantile64(above);
    };
}

// A function that says whether a sparse normal sets an element to 0.
function zeroedOf({ rows, cols, zeros }, words) {
    const columns = new Map(); // column -> the rows of its zeros
    const zerosOf = (c) => {
        const keyed = [];
        for (let r = 0n; r < rows; r++) {
            const number = r * cols + c;
            keyed.push([words(2, number >> 2n)[Number(number & 3n)], r]);
        }
        keyed.sort(([a, r], [b, s]) => a - b || Number(r - s));
        return new Set(keyed.slice(0, zeros).map(([, r]) => r));
    };
    return (number) => {
        const c = number % cols;
        if (!columns.has(c)) columns.set(c, zerosOf(c));
        return columns.get(c).has(number / cols);
    };
}

// { largest, value, at }: the largest |x| that is possible, and the function from words to x. Or
// from the number of an element, and if that gives none, from words.
export function samplerOf(distribution, isF64, words) {
    const { padding } = distribution;
    const sampler = unpadded(distribution, isF64, words);
    if (!padding) return sampler;
    const isPadding = (number) => number >= padding.first && number < padding.end;
    return { ...sampler, at: (number) => (isPadding(number) ? 0 : undefined) };
}

function unpadded(distribution, isF64, words) {
    const type = isF64 ? (x) => x : fround;
    const R = (x) => type(x) + 0;
    if (distribution.kind === 'constant') {
        const value = R(distribution.value);
        return { largest: Math.abs(value), value: () => value };
    }
    if (distribution.kind === 'mapped') {
        const { offset, scale, minimum, maximum, function_ } = distribution;
        return {
            largest: R(Math.max(Math.abs(minimum), Math.abs(maximum))),
            value(upper, lower) {
                const y = offset + scale * unit(upper, lower, isF64);
                return R(clamp(function_(y), minimum, maximum));
            },
        };
    }
    if (distribution.kind === 'pattern' && distribution.at) {
        return { largest: Math.abs(R(distribution.value)), at: (number) => R(distribution.at(number)) };
    }
    if (distribution.kind === 'pattern') {
        return { largest: Math.abs(R(distribution.value)), at: (number) => R(distribution.value * distribution.factor(number)) };
    }
    if (distribution.kind === 'orthogonal') {
        const how = { words, isF64, round: type, quantile: normalQuantile(isF64), gain: R(distribution.gain) };
        return { largest: R(Math.abs(distribution.gain) * (1 + 2 ** -10)), at: orthogonalOf(distribution, how) };
    }
    if (distribution.kind === 'uniform') return uniformOf(distribution, isF64, R, type);
    if (distribution.kind === 'symmetric') {
        const bound = R(distribution.bound);
        return {
            largest: bound,
            value: (high, low) => clamp(
                type(0 + type(bound * symmetricUnit(high, low, isF64))), R(-distribution.bound), bound),
        };
    }
    const offset = R(distribution.mean);
    const scale = R(distribution.sigma);
    let z = normalQuantile(isF64);
    let reach = isF64 ? quantile64(0.5) : quantile32(0.5);
    if (distribution.kind === 'truncated') {
        const { cut } = distribution;
        const quantile = cutQuantile(cut, isF64);
        const [minimum, maximum] = [R(cut.low), R(cut.high)];
        z = (high, low) => clamp(type(quantile(high, low)), minimum, maximum);
        if (!isF64 && cut.low === -cut.high && cut.high >= 0.5) {
            reach = Math.min(reach, maximum);
        } else {
            reach = Math.max(Math.abs(z(0, 0)), Math.abs(z(2 ** 32 - 1, 2 ** 32 - 1)));
        }
    }
    let largest = type(Math.abs(offset) + type(scale * reach));
    let value = (high, low) => type(offset + type(scale * z(high, low)));
    if (distribution.bounds) {
        const [minimum, maximum] = [R(distribution.bounds.low), R(distribution.bounds.high)];
        const free = value;
        value = (high, low) => clamp(free(high, low), minimum, maximum);
        const finite = Number.isFinite(offset) && Number.isFinite(scale);
        if (finite) largest = Math.min(largest, Math.max(Math.abs(minimum), Math.abs(maximum)));
    }
    if (distribution.kind !== 'sparse') return { largest, value };
    const isZeroed = zeroedOf(distribution, words);
    return { largest, value, at: (number) => (isZeroed(number) ? 0 : undefined) };
}
