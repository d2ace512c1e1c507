// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Orthogonal".
import { matrixAxes, placesOf } from './patterns.mjs';
import { Refused } from './refused.mjs';

const BLOCK = 64;

// The axes of each.
function distribution(p, batchAxes, rowAxes, colAxes, kernelAxes = []) {
    const shape = p.get('shape');
    const [rows, cols] = [rowAxes, colAxes].map((axes) => axes.reduce((a, i) => a * shape[i], 1n));
    if (rows * cols > 1n << 28n) throw new Refused('shape', 'too large');
    const tall = rows > cols || (rows === cols && p.get('layout', 'oi') === 'oi');
    return { kind: 'orthogonal', gain: p.get('gain'), rows, cols, tall, shape,
        axes: [batchAxes, rowAxes, colAxes], kernelAxes };
}

export const ORTHOGONAL = {
    orthogonal(p) {
        const [batch, axes] = matrixAxes(p, 2, 32);
        const cut = p.get('layout', 'oi') === 'oi' ? 1 : -1;
        return distribution(p, batch, axes.slice(0, cut), axes.slice(cut));
    },

    'delta orthogonal'(p) {
        const [batch, axes] = matrixAxes(p, 3, 5);
        const shape = p.get('shape');
        const oi = p.get('layout', 'oi') === 'oi';
        const pair = oi ? axes.slice(0, 2) : axes.slice(-2);
        const [out, into] = oi ? pair : [...pair].reverse();
        if (shape[out] < shape[into]) throw new Refused('shape', 'less out than in');
        return distribution(p, batch, [pair[0]], [pair[1]], oi ? axes.slice(2) : axes.slice(0, -2));
    },
};

// start + sign * (sum of term(index), first <= index <= last), by blocks. 'round' rounds each
// operation to the type of the sum; 'term' rounds its product itself.
function sum(start, sign, first, last, term, round) {
    let total = start;
    let p = 0;
    for (let index = first; index <= last; index++) {
        p = round(p + term(index));
        if (index % BLOCK === BLOCK - 1 || index === last) {
            total = round(total + sign * p);
            p = 0;
        }
    }
    return total;
}

const exact = (x) => x;

// Q as a function from row and column; z(l, r) in the compute type.
function qOf(n, k, z, round) {
    const V = Array.from({ length: k }, (_, l) => Float64Array.from({ length: n }, (_, r) => (
        r < l ? 0 : z(l, r))));
    const sign = V.map((row, l) => (row[l] > 0 ? -1 : 1));
    V.forEach((row, l) => {
        const norm = Math.sqrt(sum(0, 1, l, n - 1, (r) => row[r] * row[r], exact));
        row[l] = round(row[l] - sign[l] * norm);
    });
    const U = V.map((row, i) => V.map((other, j) => {
        if (j < i) return 0;
        const total = sum(0, 1, j, n - 1, (r) => row[r] * other[r], exact);
        return i === j ? total / 2 : total;
    }));
    const T = V.map(() => new Float64Array(k));
    for (let i = 0; i < k; i++) {
        const X = new Float64Array(k); // column i
        for (let l = i; l >= 0; l--) {
            const after = (Math.floor(l / BLOCK) + 1) * BLOCK;
            let x = V[l][i] * sign[i];
            x = sum(x, -1, after, i, (j) => U[l][j] * X[j], exact);
            for (let j = Math.min(i, after - 1); j > l; j--) x -= U[l][j] * X[j];
            X[l] = x / U[l][l];
            T[l][i] = round(X[l]);
        }
    }
    return (r, i) => sum(r === i ? sign[i] : 0, -1, 0, Math.min(r, i),
        (l) => round(V[l][r] * T[l][i]), round);
}

// A function from the number of an element to its value. 'quantile' is that of the normal
// distribution, 'gain' rounded to the compute type.
export function orthogonalOf({ rows, cols, tall, shape, axes, kernelAxes },
    { words, isF64, round, quantile, gain }) {
    const [n, k] = (rows >= cols ? [rows, cols] : [cols, rows]).map(Number);
    const matrices = new Map();
    const z = (batch) => (l, r) => {
        const number = batch * rows * cols + BigInt(l * n + r);
        const [high, low] = [2, 3].map((lane) => words(lane, number >> 2n)[Number(number & 3n)]);
        return quantile(high, isF64 ? low : 0);
    };
    return (number) => {
        const places = placesOf(number, shape);
        if (!kernelAxes.every((i) => places[i] === (shape[i] - 1n) / 2n)) return 0;
        const [batch, row, column] = axes.map((of) => of.reduce((m, i) => m * shape[i] + places[i], 0n))
            .map((m, side) => (side === 0 ? m : Number(m)));
        if (!matrices.has(batch)) matrices.set(batch, qOf(n, k, z(batch), round));
        const q = matrices.get(batch);
        const value = tall ? q(row, column) : q(column, row);
        return round(0 + round(gain * value));
    };
}
