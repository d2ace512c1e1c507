// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Rules": parameters -> a distribution, as an object of its kind and its numbers.
import { bothFans, selectedFan } from './fans.mjs';
import { ORTHOGONAL } from './orthogonal.mjs';
import { PATTERNS, shapeOfRank } from './patterns.mjs';
import { Refused } from './refused.mjs';
import { SEQUENCES } from './sequences.mjs';
import { tau } from './special.mjs';
import { PARAMETERS } from './tables.mjs';
import { isCut } from './values.mjs';

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

function cutAsGiven(p, mean, std) {
    const cut = p.get('truncation');
    const infinite = cut.low === -Infinity && cut.high === Infinity;
    if (infinite || !p.get('corrected')) return truncated(mean, std, cut);
    if (cut.low !== -cut.high) throw new Refused(p.has('corrected') ? 'corrected' : 'truncation', 'the cut is not symmetric');
    return truncated(mean, std / tau(cut.high), cut);
}

function gainOf(p) {
    if (p.has('gain') && p.scheme.takes.includes('nonlinearity')) {
        for (const name of ['nonlinearity', 'slope']) {
            if (p.has(name)) throw new Refused(name, 'not with gain');
        }
        return notNegative(p, 'gain');
    }
    const nonlinearity = p.get('nonlinearity');
    const slope = p.get('slope');
    if (p.has('slope') && nonlinearity !== 'leaky_relu') {
        throw new Refused('slope', `not with ${nonlinearity}`);
    }
    switch (nonlinearity) {
    case undefined: return p.get('gain');
    case 'tanh': return 5 / 3;
    case 'relu': return Math.sqrt(2);
    case 'leaky_relu': return Math.sqrt(2 / (1 + slope * slope));
    case 'selu': return 3 / 4;
    case 'gelu': return 1.5335304411955353;
    case 'silu': return 1.6765324703310911;
    case 'elu': return 1.2451983007007066;
    case 'mish': return 1.4868475812732081;
    case 'softplus': return 1.0418668355353018;
    default: return 1;
    }
}

// With gain= as a factor, of schemes that have no gain of their own.
export function scaled(p, distribution) {
    const { takes } = p.scheme;
    if (!p.has('gain') || !takes.includes('fans') || takes.includes('nonlinearity')) return distribution;
    const gain = p.get('gain');
    if (!(gain > 0)) throw new Refused('gain', 'not above 0');
    const number = distribution.kind === 'symmetric' ? 'bound' : 'sigma';
    return { ...distribution, [number]: gain * distribution[number] };
}

// With icnr, the numbers of elements of the small tensor: a function of those of the tensor.
export function copied(p, distribution) {
    if (p.get('icnr', 1n) === 1n) return distribution;
    const shape = p.get('shape');
    const oi = p.get('layout', 'oi') === 'oi';
    const count = p.get('icnr') ** BigInt(shape.length - 2);
    const outputs = oi ? shape[0] : shape.at(-1);
    const unit = oi ? shape.slice(1).reduce((a, b) => a * b, 1n) : 1n;
    const size = outputs / count;
    const source = (number) => {
        const place = number / unit % outputs;
        const before = number / (outputs * unit);
        return (before * size + (oi ? place / count : place % size)) * unit + number % unit;
    };
    return { ...distribution, source };
}

// With the elements that padding_idx sets to 0.
export function padded(p, distribution) {
    if (!p.has('padding_idx')) return distribution;
    const [rows, ...rest] = p.get('shape');
    const given = p.get('padding_idx');
    const index = given < 0n ? given + (rows ?? 0n) : given;
    if (!(index >= 0n && index < (rows ?? 0n))) throw new Refused('padding_idx', 'no such place');
    const size = rest.reduce((a, b) => a * b, 1n);
    return { ...distribution, padding: { first: index * size, end: (index + 1n) * size } };
}

function required(p, name) {
    if (!p.has(name)) throw new Refused(name, 'required');
    return p.get(name);
}

const fanOrOne = (p) => selectedFan(p) || 1;

export const RULES = {
    variance(p) {
        const n = selectedFan(p);
        const scale = p.get('scale');
        if (!(scale > 0)) throw new Refused('scale', 'not above 0');
        const variance = n === 0 ? 0 : scale / n;
        const drawn = p.get('distribution');
        if (drawn === 'truncated_normal') return cutAsGiven(p, 0, Math.sqrt(variance));
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
        if (!p.has('low') && !p.has('high')) return cutAsGiven(p, mean, std);
        if (p.has('truncation')) throw new Refused('truncation', 'not with low or high');
        if (p.get('corrected')) throw new Refused('corrected', 'not with low or high');
        if (std === 0) throw new Refused('std', 'not 0 with low or high');
        const bounds = { low: p.get('low', -Infinity), high: p.get('high', Infinity) };
        const cut = { low: (bounds.low - mean) / std, high: (bounds.high - mean) / std };
        if (!isCut(cut)) throw new Refused(p.has('high') ? 'high' : 'low', 'leaves nothing');
        return truncated(mean, std, cut, bounds);
    },

    uniform(p) {
        const [low, high] = [p.get('low'), p.get('high')];
        if (low > high) throw new Refused(p.has('high') ? 'high' : 'low', 'high is below low');
        return { kind: 'uniform', low, high };
    },

    constant(p) {
        const value = p.get('value');
        if (value === undefined) throw new Refused('value', 'required');
        const hasNone = p.get('dtype') === 'f8_e4m3' || p.get('format') === 'json';
        if (hasNone && !Number.isFinite(value.number)) throw new Refused('value', 'no infinity there');
        return { kind: 'constant', value: value.number, integer: value.integer, field: 'value' };
    },

    siren(p) {
        const n = selectedFan(p);
        const omega = p.get('omega');
        if (p.get('first')) {
            if (p.has('omega')) throw new Refused('omega', 'not with first=true');
            return symmetric(n === 0 ? 0 : 1 / n);
        }
        if (!(omega > 0)) throw new Refused('omega', 'not above 0');
        return symmetric(n === 0 ? 0 : Math.sqrt(6 / n) / omega);
    },

    small: (p) => normal(0, Math.sqrt(2 / (5 * fanOrOne(p)))),

    wang: (p) => normal(0, 2 / (Number(required(p, 'layers')) * Math.sqrt(fanOrOne(p)))),

    mitchell(p) {
        const n = fanOrOne(p);
        const layer = p.get('layer');
        const std = layer === undefined ? 1 / Math.sqrt(n)
            : 1 / Math.sqrt(2 * n * (Number(layer) + 1));
        return truncated(0, std, { low: -3, high: 3 });
    },

    residual(p) {
        const std = notNegative(p, 'std');
        const multiplier = p.get('multiplier');
        const layers = Number(required(p, 'layers'));
        if (!(multiplier > 0)) throw new Refused('multiplier', 'not above 0');
        return normal(0, std / Math.sqrt(multiplier * layers));
    },

    depth(p) {
        const std = notNegative(p, 'std');
        const layer = Number(required(p, 'layer'));
        return cutAsGiven(p, 0, std / Math.sqrt(2 * (layer + 1)));
    },

    mup(p) {
        const std = notNegative(p, 'std');
        const width = required(p, 'width_multiplier');
        if (!(width > 0)) throw new Refused('width_multiplier', 'not above 0');
        const sigma = std / Math.sqrt(width);
        return normal(0, p.has('layers') ? sigma / Math.sqrt(2 * Number(p.get('layers'))) : sigma);
    },

    t5(p) {
        const n = fanOrOne(p);
        const role = required(p, 'role');
        if (role === 'q') return normal(0, 1 / Math.sqrt(n * Number(required(p, 'd_kv'))));
        if (p.has('d_kv')) throw new Refused('d_kv', `not with role=${role}`);
        if (role === 'relative_attention_bias') required(p, 'd_model');
        if (role !== 'shared' && role !== 'lm_head') return normal(0, 1 / Math.sqrt(n));
        for (const [name, { group }] of PARAMETERS) {
            const ofFans = name === 'd_model' || group === 'fans';
            if (ofFans && p.has(name)) throw new Refused(name, `not with role=${role}`);
        }
        return normal(0, 1);
    },

    deepnorm(p) {
        const n = fanOrOne(p);
        const layers = Number(required(p, 'layers'));
        const ofDecoder = p.has('encoder_layers');
        if (ofDecoder && p.has('decoder_layers')) {
            throw new Refused('decoder_layers', 'not with encoder_layers');
        }
        let beta = 1 / Math.sqrt(Math.sqrt((ofDecoder ? 12 : 8) * layers));
        if (p.has('decoder_layers')) {
            const square = layers * layers;
            const product = square * square * Number(p.get('decoder_layers'));
            beta = 0.87 / Math.sqrt(Math.sqrt(Math.sqrt(Math.sqrt(product))));
        }
        return normal(0, beta / Math.sqrt(n));
    },

    spectral(p) {
        selectedFan(p); // refuses shapes without fans
        if (p.has('mode')) throw new Refused('mode', 'not with spectral');
        const [fanIn, fanOut] = bothFans(p).map(Number);
        const into = fanIn || 1;
        return normal(0, 1 / Math.sqrt(into) * Math.min(1, Math.sqrt(fanOut / into)));
    },

    sparse(p) {
        const [rows, cols] = shapeOfRank(p, 2);
        const sparsity = required(p, 'sparsity');
        if (!(sparsity >= 0 && sparsity <= 1)) throw new Refused('sparsity', 'not from 0 to 1');
        const sigma = notNegative(p, 'std');
        return {
            kind: 'sparse', mean: 0, sigma, rows, cols, zeros: Math.ceil(sparsity * Number(rows)),
        };
    },

    ...ORTHOGONAL,
    ...PATTERNS,
    ...SEQUENCES,
};
