// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Rules": values that follow from places on the last axes, and the functions of
// uniform numbers.
import { exp, expm1, log, sin } from './elementary.mjs';
import { placesOf, shapeOfRank } from './patterns.mjs';
import { Refused } from './refused.mjs';

const LN2 = 0x162e42fefa39ef * 2 ** -53;
const TWO_PI = 0x1921fb54442d18 * 2 ** -50;

// 'function_' from places on the last axes, as many as 'rank', to values.
function sequence(p, rank, largest, function_, integers) {
    const shape = shapeOfRank(p, rank, 32);
    const at = (number) => function_(...placesOf(number, shape).slice(-rank).map(Number));
    return { kind: 'pattern', value: largest, field: 'dtype', integers, at };
}

const lastDim = (p) => Number(shapeOfRank(p, 1, 32).at(-1));
const valueAt = (p, i) => p.get('start') + i * p.get('step');
const ends = (p) => [valueAt(p, 0), valueAt(p, Math.max(lastDim(p), 1) - 1)];

function logOfBase(p) {
    if (!(p.get('base') >= 1)) throw new Refused('base', 'less than 1');
    return log(p.get('base'));
}

const SCALING = ['low_freq_factor', 'high_freq_factor', 'original_length'];

function scalingOf(p) {
    const given = SCALING.find((name) => p.has(name));
    if (!p.has('factor') && given) throw new Refused(given, 'not without factor');
    if (!p.has('factor')) return (x) => x;
    const factor = p.get('factor');
    const [low, high, length] = SCALING.map((name) => Number(p.get(name)));
    if (!(factor >= 1)) throw new Refused('factor', 'less than 1');
    if (!(low > 0)) throw new Refused('low_freq_factor', 'not above 0');
    if (!(high > low)) throw new Refused(p.has(SCALING[1]) ? SCALING[1] : SCALING[0], 'no room');
    return (x) => {
        const wave = TWO_PI / x;
        if (wave < length / high) return x;
        if (wave > length / low) return x / factor;
        const smooth = (length / wave - low) / (high - low);
        return (1 - smooth) * x / factor + smooth * x;
    };
}

// A rule: function_(offset + scale * u); the offset is low, or its logarithm.
const mapped = (function_, isLogarithm, hasOwnBounds) => (p) => {
    for (const name of ['low', 'high', 'floor']) {
        const value = p.get(name);
        if (value === undefined && name !== 'floor') throw new Refused(name, 'required');
        if (value !== undefined && !(value > 0)) throw new Refused(name, 'not above 0');
    }
    const [low, high] = [p.get('low'), p.get('high')];
    if (low > high) throw new Refused(p.has('high') ? 'high' : 'low', 'high is below low');
    const [start, end] = [low, high].map((x) => (isLogarithm ? log(x) : x));
    const value = (y) => function_(y, p);
    const [minimum, maximum] = hasOwnBounds ? [low, high] : [value(start), value(end)];
    return { kind: 'mapped', offset: start, scale: end - start, minimum, maximum, function_: value };
};

export const SEQUENCES = {
    arange(p) {
        const [first, last] = ends(p);
        const integers = (minimum, maximum) => {
            for (const name of ['start', 'step']) {
                if (!Number.isInteger(p.get(name))) throw new Refused(name, 'not an integer');
            }
            const inside = Math.min(first, last) >= Math.max(Number(minimum), 1 - 2 ** 53)
                && Math.max(first, last) <= Math.min(Number(maximum), 2 ** 53 - 1);
            if (!inside) throw new Refused('dtype', 'not in its range');
        };
        return sequence(p, 1, Math.max(Math.abs(first), Math.abs(last)), (i) => valueAt(p, i), integers);
    },

    linspace(p) {
        const [start, stop, count] = [p.get('start'), p.get('stop'), lastDim(p)];
        const [low, high] = [Math.min(start, stop), Math.max(start, stop)];
        return sequence(p, 1, Math.max(Math.abs(start), Math.abs(stop)), (i) => {
            if (i === 0) return start;
            if (i === count - 1) return stop;
            return Math.min(Math.max(start + i * ((stop - start) / (count - 1)), low), high);
        });
    },

    'log arange'(p) {
        const [first, last] = ends(p);
        if (!(first > 0)) throw new Refused('start', 'not above 0');
        if (!(last > 0)) throw new Refused('step', 'not above 0');
        const largest = last === Infinity ? last : Math.max(Math.abs(log(first)), Math.abs(log(last)));
        return sequence(p, 1, largest, (i) => log(valueAt(p, i)));
    },

    alibi(p) {
        const count = lastDim(p);
        let heads = 1;
        while (2 * heads <= count) heads *= 2;
        return sequence(p, 1, 1, (i) => {
            const x = i < heads ? 8 * (i + 1) / heads : 8 * (2 * (i - heads) + 1) / (2 * heads);
            const n = Math.floor(x);
            return exp((n - x) * LN2) * 2 ** -n;
        });
    },

    rope(p) {
        const [base, count] = [logOfBase(p), lastDim(p)];
        const scaled = scalingOf(p);
        return sequence(p, 1, 1, (i) => scaled(exp(0 - i / count * base)));
    },

    sinusoidal(p) {
        const base = logOfBase(p);
        const [rows, cols] = shapeOfRank(p, 2, 32).slice(-2).map(Number);
        const isGrid = p.get('arrangement') === 'grid';
        if (cols % (isGrid ? 4 : 2) !== 0) throw new Refused('shape', 'the last dim is not a multiple');
        const side = Math.floor(Math.sqrt(rows));
        if (rows > 2 ** 24 || (isGrid && side * side !== rows)) throw new Refused('shape', 'of other positions');
        const wave = (position, exponent, quarter) => sin(position * exp(0 - exponent * base), quarter);
        const [half, quarter] = [cols / 2, cols / 4];
        return sequence(p, 2, 1, {
            halves: (row, i) => wave(row, (i % half) / Math.max(half - 1, 1), Math.floor(i / half)),
            interleaved: (row, i) => wave(row, (i - i % 2) / cols, i % 2),
            grid(row, i) {
                const part = Math.floor(i / quarter);
                const position = part < 2 ? row % side : Math.floor(row / side);
                return wave(position, (i % quarter) / quarter, part % 2);
            },
        }[p.get('arrangement')]);
    },

    'log uniform': mapped(exp, true, true),
    'log of uniform': mapped(log, false),
    'dt bias': mapped((y, p) => {
        const x = Math.max(exp(y), p.get('floor'));
        return x + log(0 - expm1(0 - x));
    }, true),
};
