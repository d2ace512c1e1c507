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

// The sine of m/n of a turn and as many quarters of one.
function turn(m, n, quarter) {
    const j = Math.floor(4 * m / n);
    return sin((4 * m - j * n) * (TWO_PI / 4) / n, j + quarter);
}

const COSINES = {
    hann: [0.5, 0.5],
    hamming: [0.54, 0.46],
    blackman: [0.42, 0.5, 0.08],
    nuttall: [0.3635819, 0.4891775, 0.1365995, 0.0106411],
    blackmanharris: [0.35875, 0.48829, 0.14128, 0.01168],
    flattop: [0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368],
};

function windowAt(name, count, n, t) {
    if (count < 2 || name === 'none' || name === 'boxcar') return 1;
    if (name === 'bartlett') return 2 * (2 * t <= n ? t : n - t) / n;
    if (name === 'cosine') return turn(2 * t + 1, 4 * (n + 1), 0);
    const quarter = Math.floor(n / 4);
    if (name === 'tukey') {
        return t > quarter && t < n - quarter ? 1 : 0.5 - 0.5 * turn(2 * t % n, n, 1);
    }
    return COSINES[name].reduce((w, a, k) => w + (-1) ** k * (a * turn(k * t % n, n, 1)));
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

    stft(p) {
        const [count, channels, frequencies] = shapeOfRank(p, 3).map(Number);
        if (channels > 1 || count > 2 ** 15 || frequencies > 2 ** 24 || frequencies === 1) {
            throw new Refused('shape', 'not that of an STFT');
        }
        const name = p.get('window');
        const n = p.get('periodic') ? count : count - 1;
        const w = Array.from({ length: count }, (_, t) => windowAt(name, count, n, t));
        const scaling = name === 'none' ? 'none' : p.get('scaling');
        const scale = {
            density: () => Math.sqrt(w.reduce((sum, x) => sum + x * x, 0)),
            spectrum: () => w.reduce((sum, x) => sum + Math.abs(x), 0),
            none: () => 1,
        }[scaling]();
        if (count > 0 && scale === 0) throw new Refused('shape', 'the window is 0');
        const [length, quarter] = [2 * (frequencies - 1), p.get('side') === 'real' ? 1 : 2];
        const largest = w.reduce((max, x) => Math.max(max, Math.abs(x)), 0) / (scale || 1);
        return sequence(p, 3, largest, (t, c, f) => turn(t * f % length, length, quarter) * w[t] / scale);
    },

    'log uniform': mapped(exp, true, true),
    'log of uniform': mapped(log, false),
    'dt bias': mapped((y, p) => {
        const x = Math.max(exp(y), p.get('floor'));
        return x + log(0 - expm1(0 - x));
    }, true),
};
