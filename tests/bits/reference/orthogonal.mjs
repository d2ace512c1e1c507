// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Orthogonal".
import { Refused } from './refused.mjs';

const BLOCK = 64;

function distribution(p, rows, cols, base, step) {
    if (rows * cols > 1n << 28n) throw new Refused('shape', 'too large');
    const tall = rows > cols || (rows === cols && p.get('layout', 'oi') === 'oi');
    return { kind: 'orthogonal', gain: p.get('gain'), rows, cols, base, step, tall };
}

const productOf = (dims) => dims.reduce((a, b) => a * b, 1n);

export const ORTHOGONAL = {
    orthogonal(p) {
        const shape = p.get('shape');
        if (shape.length < 2) throw new Refused('shape', 'of less than 2 dims');
        return p.get('layout', 'oi') === 'oi' ? distribution(p, shape[0], productOf(shape.slice(1)), 0n, 1n)
            : distribution(p, productOf(shape.slice(0, -1)), shape.at(-1), 0n, 1n);
    },

    'delta orthogonal'(p) {
        const shape = p.get('shape');
        if (shape.length < 3 || shape.length > 5) throw new Refused('shape', 'not of 3 to 5 dims');
        const oi = p.get('layout', 'oi') === 'oi';
        const [out, into] = oi ? shape : [shape.at(-1), shape.at(-2)];
        const kernel = oi ? shape.slice(2) : shape.slice(0, -2);
        if (out < into) throw new Refused('shape', 'less out than in');
        const centre = kernel.reduce((c, size) => c * size + (size - 1n) / 2n, 0n);
        return oi ? distribution(p, out, into, centre, productOf(kernel))
            : distribution(p, into, out, centre * into * out, 1n);
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
export function orthogonalOf({ rows, cols, base, step, tall }, { words, isF64, round, quantile, gain }) {
    const [n, k] = (rows >= cols ? [rows, cols] : [cols, rows]).map(Number);
    let q;
    const z = (l, r) => {
        const number = BigInt(l * n + r);
        const [high, low] = [2, 3].map((lane) => words(lane, number >> 2n)[Number(number & 3n)]);
        return quantile(high, isF64 ? low : 0);
    };
    return (number) => {
        const m = (number - base) / step;
        if (number < base || (number - base) % step !== 0n || m >= rows * cols) return 0;
        q ??= qOf(n, k, z, round);
        const [row, column] = [Number(m / cols), Number(m % cols)];
        const value = tall ? q(row, column) : q(column, row);
        return round(0 + round(gain * value));
    };
}
