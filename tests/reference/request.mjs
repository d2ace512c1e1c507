// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "From the request to a distribution": query text -> parameters -> fans and
// distribution, the latter as an object of its kind and its numbers.
import { Refused } from './refused.mjs';
import { tau } from './special.mjs';
import { AXES, PARAMETERS, SCHEMES } from './tables.mjs';

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
        if (!PARAMETERS.has(name)) throw new Refused(name || 'query', 'no such parameter');
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
export class Parameters {
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

    distribution() {
        return RULES[this.scheme.rule](this);
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
