// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Special functions": a double-double is an array [h, l].
import { INV_SQRT_2PI, LN2 } from './tables.mjs';

const fastSum = (a, b) => {
    const h = a + b;
    return [h, b - (h - a)];
};

const twoSum = (a, b) => {
    const h = a + b;
    const p = h - a;
    return [h, (a - (h - p)) + (b - p)];
};

const split = (a) => {
    const c = 134217729 * a;
    const h = c - (c - a);
    return [h, a - h];
};

const product = (a, b) => {
    const h = a * b;
    const [ah, al] = split(a);
    const [bh, bl] = split(b);
    return [h, (((ah * bh - h) + ah * bl) + al * bh) + al * bl];
};

const dd = (a) => [a, 0];

const add = ([ah, al], [bh, bl]) => {
    const [h, l] = twoSum(ah, bh);
    return fastSum(h, l + (al + bl));
};

const sub = (a, [bh, bl]) => add(a, [-bh, -bl]);

const mul = ([ah, al], [bh, bl]) => {
    const [h, l] = product(ah, bh);
    return fastSum(h, l + (ah * bl + al * bh));
};

const div = (a, b) => {
    const q1 = a[0] / b[0];
    const c = sub(a, mul(dd(q1), b));
    const q2 = c[0] / b[0];
    const d = sub(c, mul(dd(q2), b));
    const q3 = d[0] / b[0];
    return add(fastSum(q1, q2), dd(q3));
};

function exp(x) {
    const j = Math.trunc(x[0] / LN2[0] - 0.5);
    const r = sub(x, mul(dd(j), LN2));
    let s = dd(1);
    for (let k = 28; k >= 1; k--) s = add(dd(1), mul(div(r, dd(k)), s));
    return s.map((part) => part * 2 ** j);
}

const near = (x) => x > -37 && x < 37;

function density(x) {
    if (!near(x)) return dd(0);
    return mul(exp(product(x, x).map((part) => -0.5 * part)), INV_SQRT_2PI);
}

function fromZero(x) {
    const square = product(x, x);
    let term = dd(x);
    let sum = term;
    for (let k = 1; k <= 120; k++) {
        term = div(mul(term, square), dd(2 * k + 1));
        sum = add(sum, term);
    }
    return mul(density(x), sum);
}

function far(x) {
    let fraction = dd(x);
    for (let k = 100; k >= 1; k--) fraction = add(dd(x), div(dd(k), fraction));
    return div(density(x), fraction);
}

function tail(x) {
    if (x < 0) return sub(dd(1), tail(-x));
    if (x < 6) return sub(dd(0.5), fromZero(x));
    return x < 37 ? far(x) : dd(0);
}

function interval(a, b) {
    if (a === -b && b < 6) {
        const half = fromZero(b);
        return add(half, half);
    }
    return a > 0 ? sub(tail(a), tail(b)) : sub(tail(-b), tail(-a));
}

const moment = (x) => (near(x) ? mul(dd(x), density(x)) : dd(0));

// Q, M and tau.

export const normalTail = (x) => tail(x)[0];

export const normalMass = (a, b) => interval(a, b)[0];

export function tau(c) {
    const share = div(sub(moment(-c), moment(c)), interval(-c, c));
    return Math.sqrt(add(dd(1), share)[0]);
}
