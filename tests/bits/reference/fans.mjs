// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Fans". Sizes are BigInts.
import { Refused } from './refused.mjs';
import { AXES, PARAMETERS } from './tables.mjs';

// Outputs that are equal.
function copiesOf(p, outputs) {
    if (!p.has('icnr')) return 1n;
    const rank = p.get('shape').length;
    if (rank < 3 || p.get('transposed', false)) throw new Refused('icnr', 'not for this kernel');
    const count = p.get('icnr') ** BigInt(rank - 2);
    if (outputs % count !== 0n) throw new Refused('icnr', 'does not divide the outputs');
    return count;
}

function fansOfShape(p) {
    const shape = [...p.get('shape')];
    const axes = AXES.get(`${p.get('layout', 'oi')} ${p.get('transposed', false)}`);
    const [into, out, grouped] = axes.map((axis) => (axis < 0 ? shape.length + axis : axis));
    const groups = p.get('groups', 1n);
    shape[out] /= copiesOf(p, shape[out]);
    if (shape[grouped] % groups !== 0n) throw new Refused('groups', 'do not divide the dim');
    shape[grouped] /= groups;
    const rest = shape.reduce((r, dim, i) => (i === into || i === out ? r : r * dim), 1n);
    return { fan_in: shape[into] * rest, fan_out: shape[out] * rest };
}

// Not a default, but the axes that it does not go with.
function blamed(p, name) {
    return p.has(name) ? name : ['in_axis', 'out_axis', 'batch_axis'].find((other) => p.has(other));
}

// Axes of a parameter, counted from 0.
export function axesOf(p, name, fallback) {
    const rank = p.get('shape').length;
    const axes = p.get(name, fallback).map((axis) => Number(axis) + (axis < 0n ? rank : 0));
    if (axes.some((axis) => axis < 0 || axis >= rank)) throw new Refused(blamed(p, name), 'no such axis');
    if (new Set(axes).size < axes.length) throw new Refused(name, 'names an axis twice');
    return axes;
}

function productOf(p, wanted) {
    return p.get('shape').reduce((all, dim, axis) => (wanted(axis) ? all * dim : all), 1n);
}

const JAX = { in_axis: [-2n], out_axis: [-1n], batch_axis: [] };

function fansOfJax(p) {
    const [into, out, batch] = Object.entries(JAX)
        .map(([name, fallback]) => axesOf(p, name, fallback));
    if (batch.some((axis) => into.includes(axis) || out.includes(axis))) {
        throw new Refused(blamed(p, 'batch_axis'), 'in another list');
    }
    const fan = (others) => productOf(p, (axis) => !others.includes(axis) && !batch.includes(axis));
    return { fan_in: fan(out), fan_out: fan(into) };
}

function fansOfKeras(p) {
    const missing = ['input_axes', 'output_axes'].find((name) => !p.has(name));
    if (missing) throw new Refused(missing, 'not given, but the other one');
    const fan = (name) => {
        const axes = axesOf(p, name);
        return productOf(p, (axis) => axes.includes(axis));
    };
    return { fan_in: fan('input_axes'), fan_out: fan('output_axes') };
}

function fansOfAxes(p) {
    const given = (...names) => names.find((name) => p.has(name));
    const both = p.has('fan_in') && p.has('fan_out');
    const layout = given('layout', 'groups', 'transposed', 'icnr');
    const jax = given(...Object.keys(JAX));
    const keras = given('input_axes', 'output_axes');
    const ways = [layout, jax, keras].filter((name) => name !== undefined);
    if (ways.length > (both ? 0 : 1)) throw new Refused(ways.pop(), 'fans are said in another way');
    if (jax) return fansOfJax(p);
    if (keras) return fansOfKeras(p);
    if (p.get('shape').length >= 2 && !both) return fansOfShape(p);
    if (layout) throw new Refused(layout, 'the shape has no fans');
    return {};
}

// fan_in and fan_out, where both exist.
export function bothFans(p) {
    const fans = fansOfAxes(p);
    return ['fan_in', 'fan_out'].map((name) => p.get(name, fans[name]));
}

// n
export function selectedFan(p) {
    if (p.has('d_model')) {
        for (const [name, { group }] of PARAMETERS) {
            if (group === 'fans' && p.has(name)) throw new Refused(name, 'not with d_model');
        }
        return Number(p.get('d_model'));
    }
    const fans = fansOfAxes(p);
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
