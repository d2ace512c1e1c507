// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Names of frameworks": the request that one with such a name stands for. Requests
// are Maps here.
import { Refused } from './refused.mjs';
import { FRAMEWORKS, PARAMETERS, SCHEMES, WORDS } from './tables.mjs';
import { isCut, readValue } from './values.mjs';

export function checkWord(name, value) {
    const { form, choices } = PARAMETERS.get(name);
    if (form === 'choice' && !choices.includes(value)) throw new Refused(name, 'not canonical word');
}

function checkTaken(row, given) {
    const fans = SCHEMES.get(row.scheme).takes.includes('fans') ? ['fan_in', 'fan_out'] : [];
    for (const name of given.keys()) {
        if (PARAMETERS.get(name).group === 'every scheme') continue;
        if (!row.params.has(name) && !fans.includes(name)) throw new Refused(name, 'not taken');
    }
}

function ourWord({ framework }, name, value) {
    const words = WORDS.filter((row) => row.parameter === name && row.framework === framework);
    if (words.length === 0) return value;
    const found = words.find(({ word }) => word === value);
    if (!found) throw new Refused(name, `not a word of ${framework}`);
    return found.canonical;
}

function layoutOf(name, axis, shape) {
    const rank = BigInt(shape.length);
    if (rank >= 2n && (axis === -1n || axis === rank - 1n)) return 'io';
    if (rank >= 2n && (axis === 0n || axis === -rank)) return 'oi';
    throw new Refused(name, 'neither the first axis nor the last');
}

// Step 4.
function rename(row, all, requested) {
    const given = new Map();
    for (const [name, value] of all) {
        const canonical = row.params.get(name) ?? name;
        let meant = value;
        if (canonical === 'truncation') {
            meant = { low: all.get('lower'), high: all.get('upper') };
            if (!isCut(meant)) {
                throw new Refused(requested.has('lower') ? 'lower' : 'upper', 'not a cut');
            }
        } else if (canonical === 'layout' && row.fans === 'delta') {
            if (value < -2n || value > 1n) throw new Refused(name, 'not an axis of a matrix');
            continue;
        } else if (canonical === 'layout') {
            meant = layoutOf(name, value, all.get('shape'));
        }
        given.set(canonical, meant);
    }
    return given;
}

const AXES_OF_FANS = ['in_axis', 'out_axis', 'batch_axis', 'input_axes', 'output_axes'];

function setFans(rule, given) {
    const shape = given.get('shape');
    const rank = shape.length;
    if (rule === 'square' && (rank !== 2 || shape[0] !== shape[1])) {
        throw new Refused('shape', 'not square');
    }
    const inAxis = given.get('in_axis') ?? [-2n];
    const byDefault = inAxis.length === 1 && inAxis[0] === -2n;
    if (rule === 'jax' && rank < 2 && byDefault && !given.has('fan_in') && !given.has('fan_out')) {
        throw new Refused('shape', 'no fans with the default of in_axis');
    }
    if (given.has('fan_in') && given.has('fan_out')) return;
    if (AXES_OF_FANS.some((name) => given.has(name))) return;
    const fill = (name, value) => given.has(name) || given.set(name, value);
    const elems = shape.reduce((a, b) => a * b, 1n) || 1n;
    const none = !given.has('fan_in') && !given.has('fan_out');
    if (rule === 'tfjs' && (rank < 2 || rank > 5) && none) {
        fill('fan_in', elems);
        fill('fan_out', 1n);
        given.set('mode', 'fan_geo_avg');
    } else if (['keras', 'jax', 'rows', 'tfjs'].includes(rule) && rank >= 2) {
        given.set('layout', 'io');
    } else if (rule === 'keras') {
        fill('fan_in', elems);
        fill('fan_out', elems);
    } else if (rule === 'rows') {
        fill('fan_in', 1n);
    }
}

function setUnlessGiven(given, pairs) {
    for (const [name, text] of pairs) {
        if (!given.has(name)) given.set(name, readValue(name, Buffer.from(text)));
    }
}

// Canonical parameter -> the name to blame in errors: not a default, but what rules it out.
function toBlame({ params }, given, requested) {
    const first = [...params.keys()].find((name) => requested.has(name));
    return new Map([...params].reverse().map(([name, canonical]) => (
        [canonical, given.has(canonical) && !requested.has(name) && first ? first : name])));
}

export function standsFor(requested) {
    const row = FRAMEWORKS.get(requested.get('scheme'));
    checkTaken(row, requested);
    const all = new Map(requested);
    setUnlessGiven(all, row.defaults);
    for (const [name, value] of all) all.set(name, ourWord(row, name, value));
    for (const [name, value] of all) if (name !== 'scheme') checkWord(name, value);
    const given = rename(row, all, requested);
    const leaky = (given.get('nonlinearity') ?? 'leaky_relu') === 'leaky_relu';
    if (row.framework === 'torch' && given.get('slope') === 0 && !leaky) given.delete('slope');
    setUnlessGiven(given, row.fixed);
    given.set('scheme', row.scheme);
    if (![undefined, 'truncated_normal'].includes(given.get('distribution'))) {
        given.delete('corrected');
    }
    setFans(row.fans, given);
    return { given, frameworkNames: toBlame(row, given, requested) };
}
