// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Rules": the patterns. 'value' is the largest element, 'integer' the same as a
// BigInt if it is one, 'field' the parameter that says it. factor() is a function from the number
// of an element to its value in units of 'value'.
import { axesOf } from './fans.mjs';
import { Refused } from './refused.mjs';

export function shapeOfRank(p, minimum, maximum = minimum) {
    const shape = p.get('shape');
    if (shape.length < minimum || shape.length > maximum) throw new Refused('shape', 'of another rank');
    return shape;
}

// The axes of batch_axis, and all others, in their order.
export function matrixAxes(p, minimum, maximum) {
    const batch = axesOf(p, 'batch_axis', []).sort((a, b) => a - b);
    const others = [...p.get('shape').keys()].filter((axis) => !batch.includes(axis));
    if (others.length < minimum || others.length > maximum) throw new Refused('shape', 'of another rank');
    return [batch, others];
}

export function placesOf(number, shape) {
    const places = [];
    let rest = number;
    for (const dim of [...shape].reverse()) {
        places.unshift(rest % dim);
        rest /= dim;
    }
    return places;
}

function pattern(shape, { value, integer, field }, function_) {
    const factor = (number) => Number(function_(...placesOf(number, shape)));
    return { kind: 'pattern', value, integer, field, factor };
}

const ONE = { value: 1, integer: 1n, field: 'value' };
const onDiagonal = (row, column) => (...at) => at[row] === at[column];

function onesIn(bits) {
    let count = 0;
    for (let rest = bits; rest > 0n; rest >>= 1n) count += Number(rest & 1n);
    return count;
}

export const PATTERNS = {
    identity(p) {
        const gain = p.get('gain');
        const isInteger = Number.isInteger(gain) && Math.abs(gain) < 2 ** 53;
        const integer = isInteger ? BigInt(gain) : undefined;
        const axes = matrixAxes(p, 2, 32)[1].slice(-2);
        return pattern(p.get('shape'), { value: gain, integer, field: 'gain' }, onDiagonal(...axes));
    },

    dirac(p) {
        const shape = shapeOfRank(p, 3, 5);
        const groups = p.get('groups');
        if (shape[0] % groups !== 0n) throw new Refused('groups', 'do not divide the first dim');
        const perGroup = shape[0] / groups;
        return pattern(shape, ONE, (o, c, ...k) => c === o % perGroup
            && k.every((place, i) => place === shape[i + 2] / 2n));
    },

    hadamard(p) {
        const [row, column] = matrixAxes(p, 2, 2)[1];
        const shape = p.get('shape');
        const [rows, cols] = [shape[row], shape[column]];
        if (rows <= cols) return pattern(shape, ONE, onDiagonal(row, column));
        let order = 1n;
        while (order < rows) order *= 2n;
        const value = 1 / Math.sqrt(Number(order));
        return pattern(shape, { value, field: 'dtype' }, (...at) => 1 - 2 * (onesIn(at[row] & at[column]) % 2));
    },

    'forget bias'(p) {
        const shape = shapeOfRank(p, 1);
        if (shape[0] % 4n !== 0n) throw new Refused('shape', 'not a multiple of 4');
        const { number, integer } = p.get('value');
        const quarter = shape[0] / 4n;
        return pattern(shape, { value: number, integer, field: 'value' },
            (i) => i / quarter === 1n);
    },

    bilinear(p) {
        const shape = shapeOfRank(p, 4);
        const [, , height, k] = shape;
        if (height !== k) throw new Refused('shape', 'the last two dims differ');
        const f = Number((k + 1n) / 2n);
        const c = (Number(k) - 1) / (2 * f);
        const slope = (x) => 1 - Math.abs(Number(x) / f - c);
        return pattern(shape, { value: 1, field: 'dtype' }, (o, i, y, x) => slope(x) * slope(y));
    },
};
