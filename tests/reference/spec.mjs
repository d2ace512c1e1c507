// SPDX-License-Identifier: MIT
//
// docs/SPEC.md in JavaScript, to check that page and whoever implements it. Written from the
// page, whose tables it reads; shares nothing with the C code. Needs node, no packages.
//
//   node spec.mjs 'shape=2,3&seed=1'   writes the body to standard output
//   node spec.mjs --check TABLE        compares with a table such as docs/conformance.tsv
//   node spec.mjs --refused LIST       checks that each query of a list is refused
//   node spec.mjs --canonical LIST     checks canonical queries and entity tags of a list
//
// A JavaScript number is a binary64 number, and Math.fround() of one operation on binary32
// numbers is that operation in binary32. Number(text) and Number(bigint) round to nearest
// even in V8, whatever the number of digits.
import { createHash } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import process from 'node:process';

import { normalMass, normalTail, tau } from './special.mjs';
import { exponentOf, jsonBody, jsonString, numberText } from './json.mjs';
import { itemText, viewOf } from './part.mjs';
import { Refused } from './refused.mjs';
import { AXES, specName, PHILOX, PARAMETERS, QUANTILE32, QUANTILE64, SCHEMES, TYPES } from './tables.mjs';

// Query and values -----------------------------------------------------------------------

function decode(text) {
    const bytes = [];
    const from = Buffer.from(text, 'utf8');
    for (let i = 0; i < from.length; i++) {
        if (from[i] !== 0x25) {
            bytes.push(from[i] === 0x2b ? 0x20 : from[i]);
            continue;
        }
        const digits = from.toString('latin1', i + 1, i + 3);
        if (!/^[0-9a-f]{2}$/i.test(digits)) return null;
        bytes.push(parseInt(digits, 16));
        i += 2;
    }
    return Buffer.from(bytes);
}

const U64 = (1n << 64n) - 1n;

// Each reader returns undefined for what is not of its form.

function readWhole(text, least = 0n, most = U64) {
    if (!/^[0-9]+$/.test(text)) return undefined;
    const value = BigInt(text);
    return value >= least && value <= most ? value : undefined;
}

function readSeed(text) {
    if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text.toLowerCase());
    if (!text.startsWith('-')) return readWhole(text);
    const size = readWhole(text.slice(1), 0n, 1n << 63n);
    return size === undefined ? undefined : BigInt.asUintN(64, -size);
}

function readNumber(text) {
    if (text.length > 1100) return undefined;
    if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text)) return undefined;
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
}

const isCut = ({ low, high }) => low <= 6 && high >= -6 && high - low >= 0.000001;

function readInt(text) {
    if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
    const value = BigInt(text.replace('+', ''));
    return BigInt.asIntN(64, value) === value ? value : undefined;
}

// The number, and the same exactly if it is whole.
function readConstant(text) {
    const number = readNumber(text);
    if (number === undefined) return undefined;
    const size = readWhole(text.replace(/^[+-]/, ''));
    const whole = size !== undefined && text.startsWith('-') ? -size : size;
    return { number, whole };
}

function listOf(text, most, read) {
    const items = text.split(',').map(read);
    return items.length <= most && !items.includes(undefined) ? items : undefined;
}

function readSliceItem(text) {
    if (text === '...') return { ellipsis: true };
    if (!text.includes(':')) {
        const index = readInt(text);
        return index === undefined ? undefined : { index };
    }
    const ends = text.split(':');
    const [start, stop, step] = ends.map((end) => (end === '' ? null : readInt(end)));
    if (ends.length > 3 || [start, stop, step].slice(0, ends.length).includes(undefined)) {
        return undefined;
    }
    if (step === 0n || step === -(1n << 63n)) return undefined;
    return { start, stop, step: step ?? 1n };
}

function readSlice(text) {
    const items = listOf(text, 33, readSliceItem);
    return items?.filter((item) => item.ellipsis).length > 1 ? undefined : items;
}

function readShardItem(text) {
    const parts = /^([^:]*):([^/]*)\/(.*)$/s.exec(text);
    if (!parts) return undefined;
    const [axis, index, count] = [readInt(parts[1]), readWhole(parts[2]), readWhole(parts[3])];
    if (axis === undefined || index === undefined || !(index < count)) return undefined;
    return { axis, index, count };
}

function readTruncation(text) {
    if (text === 'none') return { low: -Infinity, high: Infinity };
    const comma = text.indexOf(',');
    let low, high;
    if (comma < 0) {
        high = readNumber(text);
        low = high === undefined ? undefined : -high;
    } else {
        const [before, after] = [text.slice(0, comma), text.slice(comma + 1)];
        low = before === '-inf' ? -Infinity : readNumber(before);
        high = after === 'inf' ? Infinity : readNumber(after);
    }
    if (low === undefined || high === undefined) return undefined;
    return isCut({ low, high }) ? { low, high } : undefined;
}

function readShape(text) {
    const dims = text === 'scalar' ? [] : text.split(',').map((dim) => readWhole(dim));
    return dims.length <= 32 && !dims.includes(undefined) ? dims : undefined;
}

function readText(text, bytes) {
    if (bytes.length > 1024 || bytes.includes(0)) return undefined;
    try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
        return undefined;
    }
    return bytes;
}

function readScheme(text) {
    for (const [name, { aliases }] of SCHEMES) {
        if (name === text || aliases.includes(text)) return name;
    }
    return undefined;
}

const FLAGS = new Map([['true', true], ['1', true], ['false', false], ['0', false]]);

const READERS = {
    shape: readShape,
    scheme: readScheme,
    seed: readSeed,
    text: readText,
    count: (text) => readWhole(text, 1n),
    number: readNumber,
    flag: (text) => FLAGS.get(text),
    truncation: readTruncation,
    constant: readConstant,
    permute: (text) => listOf(text, 32, readInt),
    slice: readSlice,
    shard: (text) => listOf(text, 64, readShardItem),
};

function readValue(name, bytes) {
    const { form, choices } = PARAMETERS.get(name);
    const text = bytes.toString('latin1');
    if (form === 'choice') return choices.includes(text) ? text : undefined;
    return READERS[form](text, bytes);
}

function readQuery(query) {
    const given = new Map();
    if (query === '') return given;
    for (const pair of query.split('&')) {
        const equals = pair.indexOf('=');
        const key = decode(equals < 0 ? pair : pair.slice(0, equals));
        if (key === null) throw new Refused('query', 'a broken name');
        const name = key.toString('latin1');
        if (!PARAMETERS.has(name)) throw new Refused(name, 'no such parameter');
        if (equals < 0) throw new Refused(name, 'without a value');
        if (given.has(name)) throw new Refused(name, 'given twice');
        const bytes = decode(pair.slice(equals + 1));
        const value = bytes === null ? undefined : readValue(name, bytes);
        if (value === undefined) throw new Refused(name, 'not of its form');
        given.set(name, value);
    }
    return given;
}

// The parameters of a request: 'given', and by get() what holds for those that are not.
class Parameters {
    constructor(query) {
        this.given = readQuery(query);
        if (!this.has('shape')) throw new Refused('shape', 'required');
        const name = this.has('scheme') ? this.given.get('scheme') : 'he_normal';
        this.schemeName = name;
        this.scheme = SCHEMES.get(name);
        for (const param of this.given.keys()) {
            const { group } = PARAMETERS.get(param);
            if (group === 'every scheme') continue;
            if (this.scheme.takes.includes(param) || this.scheme.takes.includes(group)) continue;
            throw new Refused(param, `does not apply to ${name}`);
        }
    }

    has(name) {
        return this.given.has(name);
    }

    get(name, fallback) {
        if (this.has(name)) return this.given.get(name);
        if (!this.scheme.numbers.has(name)) return fallback;
        return readValue(name, Buffer.from(this.scheme.numbers.get(name)));
    }
}

// Fans -----------------------------------------------------------------------------------

function fansOfShape(p) {
    const shape = [...p.get('shape')];
    const axes = AXES.get(`${p.get('layout', 'oi')} ${p.get('transposed', false)}`);
    const [into, out, grouped] = axes.map((axis) => (axis < 0 ? shape.length + axis : axis));
    const groups = p.get('groups', 1n);
    if (shape[grouped] % groups !== 0n) throw new Refused('groups', 'do not divide the dim');
    shape[grouped] /= groups;
    const rest = shape.reduce((r, dim, i) => (i === into || i === out ? r : r * dim), 1n);
    return { fan_in: shape[into] * rest, fan_out: shape[out] * rest };
}

function selectedFan(p) {
    let fans = {};
    if (p.get('shape').length >= 2 && !(p.has('fan_in') && p.has('fan_out'))) {
        fans = fansOfShape(p);
    } else {
        for (const name of ['layout', 'groups', 'transposed']) {
            if (p.has(name)) throw new Refused(name, 'the shape is not asked for fans');
        }
    }
    const fan = (name) => {
        const value = p.get(name, fans[name]);
        if (value === undefined) throw new Refused('shape', `no ${name}`);
        return Number(value);
    };
    switch (p.get('mode')) {
    case 'fan_in': return fan('fan_in');
    case 'fan_out': return fan('fan_out');
    case 'fan_avg': return (fan('fan_in') + fan('fan_out')) / 2;
    default: return Math.sqrt(fan('fan_in') * fan('fan_out'));
    }
}

// Rules: parameters -> a distribution ----------------------------------------------------

const symmetric = (bound) => ({ kind: 'symmetric', bound });
const normal = (mean, sigma) => ({ kind: 'normal', mean, sigma });

function truncated(mean, sigma, cut, bounds) {
    if (cut.low === -Infinity && cut.high === Infinity) return normal(mean, sigma);
    return { kind: 'truncated', mean, sigma, cut, bounds };
}

function notNegative(p, name) {
    if (!(p.get(name) >= 0)) throw new Refused(name, 'negative');
    return p.get(name);
}

function cutAsAsked(p, mean, std) {
    const cut = p.get('truncation');
    const infinite = cut.low === -Infinity && cut.high === Infinity;
    if (infinite || !p.get('corrected')) return truncated(mean, std, cut);
    if (cut.low !== -cut.high) throw new Refused('corrected', 'the cut is not symmetric');
    return truncated(mean, std / tau(cut.high), cut);
}

function gainOf(p) {
    if (p.has('gain')) {
        for (const name of ['nonlinearity', 'slope']) {
            if (p.has(name)) throw new Refused(name, 'not with gain');
        }
        return notNegative(p, 'gain');
    }
    const nonlinearity = p.get('nonlinearity');
    const slope = p.get('slope', 0.01);
    if (p.has('slope') && nonlinearity !== 'leaky_relu') {
        throw new Refused('slope', `not with ${nonlinearity}`);
    }
    switch (nonlinearity) {
    case undefined: return p.get('gain');
    case 'tanh': return 5 / 3;
    case 'relu': return Math.sqrt(2);
    case 'leaky_relu': return Math.sqrt(2 / (1 + slope * slope));
    case 'selu': return 3 / 4;
    default: return 1;
    }
}

const RULES = {
    variance(p) {
        const n = selectedFan(p);
        const scale = p.get('scale');
        if (!(scale > 0)) throw new Refused('scale', 'not above 0');
        const variance = n === 0 ? 0 : scale / n;
        const drawn = p.get('distribution');
        if (drawn === 'truncated_normal') return cutAsAsked(p, 0, Math.sqrt(variance));
        for (const name of ['truncation', 'corrected']) {
            if (p.has(name)) throw new Refused(name, `not with distribution=${drawn}`);
        }
        return drawn === 'uniform' ? symmetric(Math.sqrt(3 * variance))
            : normal(0, Math.sqrt(variance));
    },

    gain(p) {
        const n = selectedFan(p);
        const gain = gainOf(p);
        const std = n === 0 ? 0 : gain / Math.sqrt(n);
        return p.get('distribution') === 'uniform' ? symmetric(Math.sqrt(3) * std)
            : normal(0, std);
    },

    normal: (p) => normal(p.get('mean'), notNegative(p, 'std')),

    truncated_normal(p) {
        const mean = p.get('mean');
        const std = notNegative(p, 'std');
        if (!p.has('low') && !p.has('high')) return cutAsAsked(p, mean, std);
        if (p.has('truncation')) throw new Refused('truncation', 'not with low or high');
        if (p.get('corrected')) throw new Refused('corrected', 'not with low or high');
        if (std === 0) throw new Refused('std', 'not 0 with low or high');
        const bounds = { low: p.get('low', -Infinity), high: p.get('high', Infinity) };
        const cut = { low: (bounds.low - mean) / std, high: (bounds.high - mean) / std };
        if (!isCut(cut)) throw new Refused(p.has('high') ? 'high' : 'low', 'leaves nothing');
        return truncated(mean, std, cut, bounds);
    },

    uniform: (p) => ({ kind: 'uniform', low: p.get('low', 0), high: p.get('high', 1) }),

    constant(p) {
        const value = p.get('value');
        if (value === undefined) throw new Refused('value', 'required');
        return { kind: 'constant', value: value.number, whole: value.whole };
    },
};

// Words ----------------------------------------------------------------------------------

function streamOf(name) {
    if (name.length === 0) return 0n;
    return createHash('sha256').update(name).digest().readBigUInt64LE(0);
}

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
function wordsOf(seed, stream) {
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

function quantile32(tail) {
    f32[0] = tail;
    const row = QUANTILE32[(u32[0] >>> 23) - 127 + 1];
    u32[0] = (u32[0] & 0x7fffff) | 0x3f800000;
    const t = fround(f32[0] - 1.5);
    let z = row[7];
    for (let k = 6; k >= 0; k--) z = fround(fround(z * t) + row[k]);
    return z;
}

function quantile64(tail) {
    f64[0] = tail;
    const row = QUANTILE64[(halves[1] >>> 20) - 1023 + 33];
    halves[1] = (halves[1] & 0xfffff) | 0x3ff00000;
    const t = f64[0] - 1.5;
    let z = row[18];
    for (let k = 17; k >= 0; k--) z = z * t + row[k];
    return z;
}

// From a distribution and words to values ------------------------------------------------

const CAP32 = 2 ** 31 - 2 ** 7;
const CAP64 = 2 ** 63 - 2 ** 10;

function clamp(x, low, high) {
    const raised = x > low ? x : low;
    return raised < high ? raised : high;
}

// The number before x in the compute type.
function before(x, wide) {
    if (x === 0) return wide ? -Number.MIN_VALUE : -(2 ** -149);
    const away = x < 0;
    if (!wide) {
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
// This is the number of a word of 'wide' or 32 bits, rounded once.
const wordNumber = (high, low, wide) => (wide ? high * 2 ** 32 + low : high);

function magnitude(high, low, wide) {
    return high >= 2 ** 31 ? wordNumber(~high >>> 0, ~low >>> 0, wide)
        : wordNumber(high, low, wide);
}

// v of a word.
function unitUniform(high, low, wide) {
    if (!wide) return (2 * (high >>> 8) + 1 - 2 ** 24) * 2 ** -24;
    const kept = high * 2 ** 21 + (low >>> 11); // 53 bits
    // 2 * kept + 1 needs 54 bits, but half of it, and the sum with -2^52, do not.
    return (kept - 2 ** 52 + 0.5) * 2 ** -52;
}

// A function from words to z of the standard normal.
function normalQuantile(wide) {
    return (high, low) => {
        const m = magnitude(high, low, wide);
        const z = wide ? quantile64(Math.min(0.5 + m, CAP64))
            : quantile32(Math.min(fround(0.5 + fround(m)), CAP32));
        return high >= 2 ** 31 ? z : -z;
    };
}

// The same for a cut, before its clamp.
function cutQuantile(cut, wide) {
    const symmetricCut = cut.low === -cut.high;
    if (!wide && symmetricCut && cut.high >= 0.5) {
        const q = normalTail(cut.high);
        const offset = fround(2 ** 32 * q + (0.5 - q));
        const scale = fround(1 - 2 * q);
        return (high, low) => {
            const m = fround(magnitude(high, low, wide));
            const z = quantile32(Math.min(fround(offset + fround(scale * m)), CAP32));
            return high >= 2 ** 31 ? z : -z;
        };
    }
    const step = normalMass(cut.low, cut.high) * (wide ? 1 : 2 ** 32);
    const lowerOffset = 2 ** 64 * normalTail(-cut.low) + step / 2;
    const upperOffset = 2 ** 64 * normalTail(cut.high) + step / 2;
    if (symmetricCut) {
        return (high, low) => {
            const tail = lowerOffset + step * magnitude(high, low, wide);
            const z = quantile64(Math.min(tail, CAP64));
            return high >= 2 ** 31 ? z : -z;
        };
    }
    return (high, low) => {
        const below = lowerOffset + step * wordNumber(high, low, wide);
        if (!(below > 2 ** 63)) return -quantile64(Math.min(below, CAP64));
        const above = upperOffset + step * wordNumber(~high >>> 0, ~low >>> 0, wide);
        return quantile64(Math.min(above, CAP64));
    };
}

// { largest, value }: the largest |x| that is possible, and the function from words to x.
function drawOf(law, wide) {
    const type = wide ? (x) => x : fround;
    const R = (x) => type(x) + 0;
    if (law.kind === 'constant') {
        const value = R(law.value);
        return { largest: Math.abs(value), value: () => value };
    }
    if (law.kind === 'symmetric' || law.kind === 'uniform') {
        let offset = 0;
        let [scale, least, most] = [R(law.bound), R(-law.bound), R(law.bound)];
        if (law.kind === 'uniform') {
            [least, most] = [R(law.low), R(law.high)];
            if (!(least < most)) throw new Refused('high', 'not above low');
            if (most !== Infinity) most = before(most, wide);
            offset = R(law.low / 2 + law.high / 2);
            scale = R(law.high / 2 - law.low / 2);
        }
        return {
            largest: Math.max(Math.abs(least), Math.abs(most)),
            value: (high, low) => clamp(
                type(offset + type(scale * unitUniform(high, low, wide))), least, most),
        };
    }
    const offset = R(law.mean);
    const scale = R(law.sigma);
    let z = normalQuantile(wide);
    let reach = wide ? quantile64(0.5) : quantile32(0.5);
    if (law.kind === 'truncated') {
        const { cut } = law;
        const quantile = cutQuantile(cut, wide);
        const [least, most] = [R(cut.low), R(cut.high)];
        z = (high, low) => clamp(type(quantile(high, low)), least, most);
        if (!wide && cut.low === -cut.high && cut.high >= 0.5) {
            reach = Math.min(reach, most);
        } else {
            reach = Math.max(Math.abs(z(0, 0)), Math.abs(z(2 ** 32 - 1, 2 ** 32 - 1)));
        }
    }
    let largest = type(Math.abs(offset) + type(scale * reach));
    let value = (high, low) => type(offset + type(scale * z(high, low)));
    if (law.bounds) {
        const [least, most] = [R(law.bounds.low), R(law.bounds.high)];
        const free = value;
        value = (high, low) => clamp(free(high, low), least, most);
        const finite = Number.isFinite(offset) && Number.isFinite(scale);
        if (finite) largest = Math.min(largest, Math.max(Math.abs(least), Math.abs(most)));
    }
    return { largest, value };
}

// Element types --------------------------------------------------------------------------

// The bits of a narrow float: the number of its last places, rounded to nearest even.
function narrowBits(x, { k, a, bytes }) {
    const size = Math.abs(x);
    const sign = x < 0 || Object.is(x, -0) ? 2 ** (8 * bytes - 1) : 0;
    const u = Math.max(exponentOf(size), a);
    const r = size / 2 ** (u - k) + 2 ** 52 - 2 ** 52;
    return sign + (u - a) * 2 ** k + r;
}

// A function that writes an element into a DataView.
function writerOf(type) {
    if (type.name === 'f32') return (view, at, x) => view.setFloat32(at, x, true);
    if (type.name === 'f64') return (view, at, x) => view.setFloat64(at, x, true);
    if (type.whole) {
        return (view, at, x) => {
            for (let i = 0; i < type.bytes; i++) {
                view.setUint8(at + i, Number((x >> BigInt(8 * i)) & 0xffn));
            }
        };
    }
    if (type.bytes === 1) return (view, at, x) => view.setUint8(at, narrowBits(x, type));
    return (view, at, x) => view.setUint16(at, narrowBits(x, type), true);
}

// Bodies ---------------------------------------------------------------------------------

function npyHeader(shape, descr) {
    const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
    let text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
    if (shape.length > 0) text += ' '.repeat(21 - String(shape[0]).length);
    do text += ' '; while ((10 + text.length + 1) % 64 !== 0);
    const rest = Buffer.from(`${text}\n`, 'ascii');
    const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0]);
    start.writeUInt16LE(rest.length, 8);
    return Buffer.concat([start, rest]);
}

function safetensorsHeader(shape, type, name, bytes) {
    if (name.toString() === '__metadata__') throw new Refused('name', 'not in safetensors');
    const quoted = jsonString(name.toString() || 'tensor');
    const text = `{"__metadata__":{"format":"pt"},${quoted}:{"dtype":"${type.safetensors}",`
        + `"shape":[${shape}],"data_offsets":[0,${bytes}]}}`;
    const data = Buffer.from(text);
    const padded = Buffer.alloc(Math.ceil(data.length / 8) * 8, ' ');
    data.copy(padded);
    const start = Buffer.alloc(8);
    start.writeBigUInt64LE(BigInt(padded.length));
    return Buffer.concat([start, padded]);
}

// The element of a whole type.
function wholeOf(law, type) {
    if (law.kind !== 'constant') throw new Refused('dtype', 'is for constants');
    const bits = BigInt(8 * type.bytes);
    let [least, most] = [0n, (1n << bits) - 1n];
    if (type.name === 'bool') most = 1n;
    if (type.name.startsWith('i')) [least, most] = [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
    const { whole } = law;
    if (whole === undefined || whole < least || whole > most) {
        throw new Refused('value', `not of dtype=${type.name}`);
    }
    return whole;
}

function drawChecked(law, type) {
    if (type.whole) {
        const whole = wholeOf(law, type);
        return { value: () => whole };
    }
    const draw = drawOf(law, type.wide);
    if (!(draw.largest < type.limit)) {
        throw new Refused('dtype', `values of up to ${draw.largest} do not fit`);
    }
    return draw;
}

// A request, resolved: header, elements, and how to compute them.
function resolve(query) {
    const p = new Parameters(query);
    const type = TYPES.get(p.get('dtype', 'f32'));
    const product = (dims) => dims.reduce((a, b) => a * b, BigInt(type.bytes));
    const most = (1n << 63n) - 1n;
    if (product(p.get('shape').filter((dim) => dim > 0n)) > most) {
        throw new Refused('shape', 'too large');
    }
    const format = p.get('format', 'raw');
    if (p.has('json') && format !== 'json') throw new Refused('json', 'only with format=json');
    const view = viewOf(p);
    const bytes = product(view.shape);
    const law = RULES[p.scheme.rule](p);
    const draw = drawChecked(law, type);
    const name = p.get('name', Buffer.alloc(0));
    let header = Buffer.alloc(0);
    if (format === 'npy') header = npyHeader(view.shape, type.descr);
    if (format === 'safetensors') header = safetensorsHeader(view.shape, type, name, bytes);
    if (BigInt(header.length) + bytes > most) throw new Refused('shape', 'too large');
    return {
        p, header, type, bytes, view, format, name, constant: law.kind === 'constant',
        value: draw.value, words: wordsOf(p.get('seed', 0n), streamOf(name)),
    };
}

// A function from the number of an element in the full tensor to its value.
function elementOf({ type, constant, value, words }) {
    let block, upper, lower;
    return (number) => {
        if (constant) return value();
        if (number >> 2n !== block) {
            block = number >> 2n;
            upper = words(0, block);
            lower = type.wide ? words(1, block) : [0, 0, 0, 0];
        }
        const at = Number(number & 3n);
        return value(upper[at], lower[at]);
    };
}

function bodyOf(tensor) {
    const { header, type, bytes, view } = tensor;
    const body = Buffer.alloc(header.length + Number(bytes));
    header.copy(body);
    const into = new DataView(body.buffer, body.byteOffset, body.length);
    const write = writerOf(type);
    const element = elementOf(tensor);
    let at = header.length;
    for (const number of view.numbers()) {
        write(into, at, element(number));
        at += type.bytes;
    }
    return tensor.format === 'json' ? jsonBody(tensor, body) : body;
}

// Canonical query ------------------------------------------------------------------------

const plainNumber = (x) => numberText(x + 0).replace(/\.0$/, '').replace('+', '');

function truncationText({ low, high }) {
    if (low === -Infinity && high === Infinity) return 'none';
    if (low === -high) return plainNumber(high);
    return [low === -Infinity ? '-inf' : plainNumber(low),
        high === Infinity ? 'inf' : plainNumber(high)].join(',');
}

const unreserved = /[A-Za-z0-9._~-]/;

const TEXTS = {
    shape: (shape) => (shape.length === 0 ? 'scalar' : shape.join(',')),
    text: (bytes) => [...bytes].map((byte) => {
        const c = String.fromCharCode(byte);
        return unreserved.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }).join(''),
    number: plainNumber,
    truncation: truncationText,
    constant: ({ number, whole }) => (whole === undefined ? plainNumber(number) : `${whole}`),
};

function canonicalQuery(p, view) {
    const pairs = [];
    for (const [name, { form, fallback }] of PARAMETERS) {
        let text;
        if (name === 'scheme') {
            text = p.schemeName;
        } else if (name === 'slice') {
            text = view.taken.map(itemText).join(',').replace(/(^|,):(,:)*$/, '');
        } else if (name === 'permute') {
            text = view.axes.some((axis, i) => axis !== i) ? view.axes.join(',') : '';
        } else if (p.has(name) && name !== 'shard') {
            text = (TEXTS[form] ?? String)(p.get(name));
            const always = ['shape', 'name', 'value'].includes(name);
            if (!always && (text === fallback || text === p.scheme.defaults.get(name))) continue;
        }
        if (text) pairs.push(`${name}=${text}`);
    }
    return pairs.join('&');
}

function entityTag(query) {
    return createHash('sha256').update(`${specName} 1 ${query}`).digest('hex').slice(0, 32);
}

// Command --------------------------------------------------------------------------------

function rowOf(query) {
    try {
        const tensor = resolve(query);
        const body = bodyOf(tensor);
        const at = tensor.header.length;
        const first = tensor.format === 'json' ? 0 : 4 * tensor.type.bytes;
        return [body.toString('hex', at, at + first),
            createHash('sha256').update(body).digest('hex')];
    } catch (error) {
        if (error instanceof Refused) return ['refused', error.message];
        throw error;
    }
}

function refusalOf(query) {
    try {
        resolve(query);
        return ['accepted'];
    } catch (error) {
        if (error instanceof Refused) return [error.field];
        throw error;
    }
}

function canonicalOf(query) {
    const { p, view } = resolve(query);
    const text = canonicalQuery(p, view);
    return [text, entityTag(text)];
}

function compare(path, answer) {
    const rows = readFileSync(path, 'ascii').replace(/\n$/, '').split('\n').map((row) => row.split('\t'));
    let wrong = 0;
    for (const [query, ...expected] of rows) {
        const got = answer(query);
        if (got.join('\t') === expected.join('\t')) continue;
        if (++wrong > 5) continue;
        console.log(`${query}\n  expected ${expected}\n  got      ${got}`);
    }
    console.log(`${path}: ${rows.length - wrong} of ${rows.length} agree`);
    return wrong === 0 && rows.length > 0 ? 0 : 1;
}

function main([first, second]) {
    if (first === '--check' && second) return compare(second, rowOf);
    if (first === '--canonical' && second) return compare(second, canonicalOf);
    if (first === '--refused' && second) return compare(second, refusalOf);
    if (first === undefined || first.startsWith('--')) {
        console.error('usage: spec.mjs QUERY | --check TABLE | --refused LIST | --canonical LIST');
        return 64;
    }
    try {
        const body = bodyOf(resolve(first));
        for (let at = 0; at < body.length;) at += writeSync(1, body, at);
        return 0;
    } catch (error) {
        if (!(error instanceof Refused)) throw error;
        console.error(`spec.mjs: ${error.message}`);
        return 1;
    }
}

process.exitCode = main(process.argv.slice(2));
