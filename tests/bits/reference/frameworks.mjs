// SPDX-License-Identifier: MIT
//
// docs/FRAMEWORKS.md, "Exactly": a query with a framework's name of an initializer is rewritten to
// one in the terms of docs/SPEC.md, before anything else reads it. Values are texts of one character
// a byte here.
import { Refused } from './refused.mjs';
import { PARAMETERS, pairsIn, readDocument, SCHEMES, tableIn, wordsIn } from './tables.mjs';
import { decode, isCut, readInt, readNumber, readShape } from './values.mjs';

const page = readDocument('FRAMEWORKS.md');

// 'framework.name' -> what it stands for.
const FRAMEWORKS = new Map(tableIn(page, ['frameworks', 'names', 'stands for', 'fans', 'parameters',
    "name's defaults", 'fixed']).flatMap(([frameworks, names, scheme, fans, params, defaults, fixed]) => (
    wordsIn(frameworks).flatMap((framework) => wordsIn(names).map((name) => [`${framework}.${name}`, {
        framework,
        scheme,
        fans,
        params: new Map(pairsIn(params).map(([native, canonical]) => [native, canonical ?? native])),
        defaults: new Map(pairsIn(defaults)),
        fixed: new Map(pairsIn(fixed)),
    }])))));

// { framework, parameter, word, canonical } of each word.
const WORDS = tableIn(page, ['words of', 'parameter', 'word', 'is'])
    .flatMap(([frameworks, parameter, word, canonical]) => wordsIn(frameworks)
        .map((framework) => ({ framework, parameter, word, canonical })));

// name -> value; undefined for what is no query of a framework's name.
function readPairs(query) {
    const given = new Map();
    for (const pair of query.split('&')) {
        const equals = pair.indexOf('=');
        if (equals < 0) return undefined;
        const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)].map(decode);
        if (name === null || value === null || given.has(name.toString('latin1'))) return undefined;
        given.set(name.toString('latin1'), value.toString('latin1'));
    }
    return FRAMEWORKS.has(given.get('scheme')) ? given : undefined;
}

function checkTaken(row, requested) {
    const fans = SCHEMES.get(row.scheme).takes.includes('fans') ? ['fan_in', 'fan_out'] : [];
    for (const name of requested.keys()) {
        if (PARAMETERS.get(name)?.group === 'every scheme') continue;
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

function read(name, reader, text) {
    const value = reader(text);
    if (value === undefined) throw new Refused(name, 'not of its form');
    return value;
}

function readBound(text) {
    if (text === '-inf' || text === 'inf') return text === 'inf' ? Infinity : -Infinity;
    return readNumber(text);
}

// fan_in_axes -> [name, value] of input_axes and output_axes.
function haikuAxes(value, rank) {
    const readAxes = (text) => {
        const list = text === 'none' ? [] : text.split(',').map(readInt);
        return list.includes(undefined) ? undefined : list.map(Number);
    };
    const axes = read('fan_in_axes', readAxes, value);
    if (rank < 3) {
        if (rank === 2 && axes.length === 1 && [0, -2].includes(axes[0])) return [];
        throw new Refused('fan_in_axes', 'of no use with fewer than 3 dims');
    }
    const others = [...Array(rank).keys()].filter((axis) => !axes.includes(axis));
    return [['input_axes', value], ['output_axes', others.join(',') || 'none']];
}

// Bounds that are none.
function dropInfinite(row, given) {
    if (row.scheme !== 'truncated_normal') return;
    const none = [['low', '-inf'], ['high', 'inf']].filter(([name, end]) => given.get(name) === end);
    for (const [name] of none) given.delete(name);
    if (none.length > 0 && !given.has('low') && !given.has('high')) given.set('truncation', 'none');
}

function layoutOf(name, axis, rank) {
    if (rank >= 2n && (axis === -1n || axis === rank - 1n)) return 'io';
    if (rank >= 2n && (axis === 0n || axis === -rank)) return 'oi';
    throw new Refused(name, 'neither the first axis nor the last');
}

// Step 4.
function rename(row, all, requested, rank) {
    const given = new Map();
    for (const [name, value] of all) {
        const canonical = row.params.get(name) ?? name;
        let meant = value;
        if (canonical === 'truncation') {
            const ends = [...row.params].filter(([, end]) => end === 'truncation').map(([end]) => end);
            const [low, high] = ends.map((end) => read(end, readBound, all.get(end)));
            if (!isCut({ low, high })) {
                throw new Refused(ends.find((end) => requested.has(end)), 'not a cut');
            }
            meant = ends.map((end) => all.get(end)).join(',');
        } else if (name === 'fan_in_axes') {
            for (const [axes, list] of haikuAxes(value, rank)) given.set(axes, list);
            continue;
        } else if (canonical === 'layout') {
            const axis = read(name, readInt, value);
            if (row.fans === 'delta') {
                if (axis < -2n || axis > 1n) throw new Refused(name, 'not an axis of a matrix');
                continue;
            }
            meant = layoutOf(name, axis, BigInt(rank));
        }
        given.set(canonical, meant);
    }
    return given;
}

const AXES_OF_FANS = ['in_axis', 'out_axis', 'batch_axis', 'input_axes', 'output_axes'];

function setFans(rule, given, shape) {
    const rank = shape.length;
    if (rule === 'matrix' && rank !== 2) throw new Refused('shape', 'not a matrix');
    if (rule === 'square' && (rank !== 2 || shape[0] !== shape[1])) {
        throw new Refused('shape', 'not square');
    }
    const hasFan = given.has('fan_in') || given.has('fan_out');
    if (rule === 'jax' && rank < 2 && !hasFan && Number(given.get('in_axis') ?? -2) === -2) {
        throw new Refused('shape', 'no fans with the default of in_axis');
    }
    if (given.has('fan_in') && given.has('fan_out')) return;
    if (AXES_OF_FANS.some((name) => given.has(name))) return;
    const fill = (name, value) => given.has(name) || given.set(name, value);
    const elems = String(shape.reduce((a, b) => a * b, 1n) || 1n);
    if (rule === 'tfjs' && (rank < 2 || rank > 5) && !hasFan) {
        given.set('fan_in', elems).set('fan_out', '1').set('mode', 'fan_geo_avg');
    } else if (['keras', 'jax', 'rows', 'tfjs'].includes(rule) && rank >= 2) {
        given.set('layout', 'io');
    } else if (rule === 'keras') {
        fill('fan_in', elems);
        fill('fan_out', elems);
    } else if (rule === 'rows') {
        fill('fan_in', '1');
    }
}

// Canonical parameter -> the name to blame in errors: of bounds not a default, but what rules it out.
function toBlame({ params }, requested) {
    const native = new Map([...params].reverse().map(([their, our]) => [our, their]));
    const given = ['low', 'high', 'mean', 'std'].map((our) => native.get(our))
        .find((their) => requested.has(their));
    return new Map([...native].map(([our, their]) => (
        [our, ['low', 'high'].includes(our) && given && !requested.has(their) ? given : their])));
}

function standsFor(requested) {
    const row = FRAMEWORKS.get(requested.get('scheme'));
    checkTaken(row, requested);
    const shape = read('shape', readShape, requested.get('shape') ?? '');
    const all = new Map([...row.defaults, ...requested]);
    for (const [name, value] of all) all.set(name, ourWord(row, name, value));
    const given = rename(row, all, requested, shape.length);
    dropInfinite(row, given);
    const leaky = (given.get('nonlinearity') ?? 'leaky_relu') === 'leaky_relu';
    if (row.framework === 'torch' && !leaky && readNumber(given.get('slope') ?? '') === 0) {
        given.delete('slope');
    }
    for (const [name, text] of row.fixed) if (!given.has(name)) given.set(name, text);
    given.set('scheme', row.scheme);
    if (![undefined, 'truncated_normal'].includes(given.get('distribution'))) {
        given.delete('corrected');
    }
    setFans(row.fans, given, shape);
    return { given, native: toBlame(row, requested) };
}

const encoded = (text) => text.replace(/[^A-Za-z0-9._~-]/g, (c) => (
    `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`));

// make() for queries with frameworks' names as well; errors speak their names of parameters.
export function rewriting(make) {
    return (query) => {
        const requested = readPairs(query);
        if (requested === undefined) return make(query);
        const { given, native } = standsFor(requested);
        try {
            return make([...given].map(([name, value]) => `${name}=${encoded(value)}`).join('&'));
        } catch (error) {
            if (error instanceof Refused) error.field = native.get(error.field) ?? error.field;
            throw error;
        }
    };
}
