// SPDX-License-Identifier: MIT
//
// docs/SPEC.md in JavaScript, to check that page and its implementations. Written from the
// page, whose tables it reads; shares nothing with the C code. Needs node, no packages.
//
//   node spec.mjs 'shape=2,3&seed=1'   writes the body to standard output
//   node spec.mjs --check TABLE        compares with a table such as docs/conformance.tsv
//   node spec.mjs --refused LIST       checks that each query of a list is refused
//   node spec.mjs --canonical LIST     checks canonical queries and entity tags of a list
//   node spec.mjs --frameworks ...     any of these, with docs/FRAMEWORKS.md before SPEC.md
//
// Several comparisons may follow one after another; the first that fails ends them.
//
// A JavaScript number is a binary64 number, and Math.fround() of one operation on binary32
// numbers is that operation in binary32. Number(text) and Number(bigint) round to nearest
// even in V8, whatever the number of digits.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import process from 'node:process';

import { canonicalQuery, entityTag } from './canonical.mjs';
import { samplerOf, wordsOf } from './sampler.mjs';
import { rewriting } from './frameworks.mjs';
import { exponentOf, jsonBody, jsonString } from './json.mjs';
import { viewOf } from './part.mjs';
import { Refused } from './refused.mjs';
import { Parameters } from './request.mjs';
import { TYPES, specName } from './tables.mjs';

// Element types --------------------------------------------------------------------------

// The bits of a narrow float: the number of its last places, rounded to nearest even.
function narrowBits(x, { k, a, bytes }) {
    const size = Math.abs(x);
    const sign = x < 0 || Object.is(x, -0) ? 2 ** (8 * bytes - 1) : 0;
    if (size === Infinity) return sign + 2 ** (8 * bytes - 1) - 2 ** k;
    const u = Math.max(exponentOf(size), a);
    const r = size / 2 ** (u - k) + 2 ** 52 - 2 ** 52;
    return sign + (u - a) * 2 ** k + r;
}

// A function that writes an element into a DataView.
function writerOf(type) {
    if (type.name === 'f32') return (view, at, x) => view.setFloat32(at, x, true);
    if (type.name === 'f64') return (view, at, x) => view.setFloat64(at, x, true);
    if (type.integer) {
        return (view, at, x) => {
            for (let i = 0; i < type.bytes; i++) {
                view.setUint8(at + i, Number((x >> BigInt(8 * i)) & 0xffn));
            }
        };
    }
    if (type.bytes === 1) return (view, at, x) => view.setUint8(at, narrowBits(x, type));
    return (view, at, x) => view.setUint16(at, narrowBits(x, type), true);
}

// Bodies ---------------------------------------------------------------------------------

function npyHeader(shape, descr) {
    const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
    let text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
    if (shape.length > 0) text += ' '.repeat(21 - String(shape[0]).length);
    do text += ' '; while ((10 + text.length + 1) % 64 !== 0);
    const rest = Buffer.from(`${text}\n`, 'ascii');
    const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0]);
    start.writeUInt16LE(rest.length, 8);
    return Buffer.concat([start, rest]);
}

function metadataOf(p, view) {
    const pairs = { format: 'pt' };
    if (p.get('metadata', 'none') === 'full') {
        pairs.spec = specName;
        pairs.query = canonicalQuery(p, view);
        pairs.full_query = pairs.query.split('&')
            .filter((pair) => !/^(permute|slice)=/.test(pair)).join('&');
    }
    return JSON.stringify(pairs);
}

function safetensorsHeader(p, view, type, name, bytes) {
    if (name.toString() === '__metadata__') throw new Refused('name', 'not in safetensors');
    const { shape } = view;
    const quoted = jsonString(name.toString() || 'tensor');
    const text = `{"__metadata__":${metadataOf(p, view)},${quoted}:{"dtype":"${type.safetensors}",`
        + `"shape":[${shape}],"data_offsets":[0,${bytes}]}}`;
    const data = Buffer.from(text);
    const padded = Buffer.alloc(Math.ceil(data.length / 8) * 8, ' ');
    data.copy(padded);
    const start = Buffer.alloc(8);
    start.writeBigUInt64LE(BigInt(padded.length));
    return Buffer.concat([start, padded]);
}

// The element of an integer type.
function integerOf(distribution, type) {
    const bits = BigInt(8 * type.bytes);
    let [minimum, maximum] = [0n, (1n << bits) - 1n];
    if (type.name === 'bool') maximum = 1n;
    if (type.name.startsWith('i')) [minimum, maximum] = [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
    if (distribution.integers) { // arange
        distribution.integers(minimum, maximum);
        return undefined;
    }
    if (!['constant', 'pattern'].includes(distribution.kind) || distribution.field === 'dtype') {
        throw new Refused('dtype', 'is for integer constants');
    }
    const { integer } = distribution;
    if (integer === undefined || integer < minimum || integer > maximum) {
        throw new Refused(distribution.field, `not of dtype=${type.name}`);
    }
    return integer;
}

function checkedSampler(distribution, type, words) {
    if (type.integer) {
        const integer = integerOf(distribution, type);
        if (integer === undefined) return { at: (number) => BigInt(distribution.at(number)) };
        if (distribution.kind === 'constant') return { value: () => integer };
        return { at: (number) => (distribution.factor(number) === 0 ? 0n : integer) };
    }
    const sampler = samplerOf(distribution, type.isF64, words);
    const infinite = distribution.kind === 'constant' && !Number.isFinite(distribution.value);
    if (!infinite && !(sampler.largest < type.limit)) {
        throw new Refused('dtype', `values of up to ${sampler.largest} do not fit`);
    }
    return sampler;
}

function streamOf(name) {
    if (name.length === 0) return 0n;
    return createHash('sha256').update(name).digest().readBigUInt64LE(0);
}

// A request, resolved: header, elements, and how to compute them.
function resolve(query) {
    const p = new Parameters(query);
    const type = TYPES.get(p.get('dtype', 'f32'));
    const product = (dims) => dims.reduce((a, b) => a * b, BigInt(type.bytes));
    const maximum = (1n << 63n) - 1n;
    if (product(p.get('shape').filter((dim) => dim > 0n)) > maximum) {
        throw new Refused('shape', 'too large');
    }
    const format = p.get('format', 'raw');
    if (p.has('json') && format !== 'json') throw new Refused('json', 'only with format=json');
    if (p.has('metadata') && format !== 'safetensors') {
        throw new Refused('metadata', 'only with format=safetensors');
    }
    const view = viewOf(p);
    const bytes = product(view.shape);
    const distribution = p.distribution();
    const name = p.get('name', Buffer.alloc(0));
    const words = wordsOf(p.get('seed', 0n), streamOf(name));
    const sampler = checkedSampler(distribution, type, words);
    let header = Buffer.alloc(0);
    if (format === 'npy') header = npyHeader(view.shape, type.descr);
    if (format === 'safetensors') header = safetensorsHeader(p, view, type, name, bytes);
    if (BigInt(header.length) + bytes > maximum) throw new Refused('shape', 'too large');
    return {
        p, header, type, bytes, view, format, name, words, sampler, constant: distribution.kind === 'constant',
        source: distribution.source,
    };
}

// A function from the number of an element in the full tensor to its value.
function elementOf({ type, constant, sampler, words, source }) {
    let block, upper, lower;
    return (ofFull) => {
        if (constant) return sampler.value();
        const x = sampler.at?.(ofFull);
        if (x !== undefined) return x;
        const number = source ? source(ofFull) : ofFull;
        if (number >> 2n !== block) {
            block = number >> 2n;
            upper = words(0, block);
            lower = type.isF64 ? words(1, block) : [0, 0, 0, 0];
        }
        const at = Number(number & 3n);
        return sampler.value(upper[at], lower[at]);
    };
}

function bodyOf(tensor) {
    const { header, type, bytes, view } = tensor;
    const body = Buffer.alloc(header.length + Number(bytes));
    header.copy(body);
    const into = new DataView(body.buffer, body.byteOffset, body.length);
    const write = writerOf(type);
    const element = elementOf(tensor);
    let at = header.length;
    for (const number of view.numbers()) {
        write(into, at, element(number));
        at += type.bytes;
    }
    return tensor.format === 'json' ? jsonBody(tensor, body) : body;
}

// Command --------------------------------------------------------------------------------

// What tables say of queries; 'make' is resolve() or rewrites queries before it.
class Results {
    constructor(make) {
        this.make = make;
    }

    row(query) {
        try {
            const tensor = this.make(query);
            const body = bodyOf(tensor);
            const at = tensor.header.length;
            const first = tensor.format === 'json' ? 0 : 4 * tensor.type.bytes;
            return [body.toString('hex', at, at + first),
                createHash('sha256').update(body).digest('hex')];
        } catch (error) {
            if (error instanceof Refused) return ['refused', error.message];
            throw error;
        }
    }

    refusal(query) {
        try {
            this.make(query);
            return ['accepted'];
        } catch (error) {
            if (error instanceof Refused) return [error.field];
            throw error;
        }
    }

    canonical(query) {
        const { p, view } = this.make(query);
        const text = canonicalQuery(p, view);
        return [text, entityTag(text)];
    }
}

const MISMATCHES_MAX = 5; // mismatches

function compare(path, function_) {
    const rows = readFileSync(path, 'ascii').replace(/\n$/, '').split('\n').map((row) => row.split('\t'));
    let wrong = 0;
    for (const [query, ...expected] of rows) {
        const got = function_(query);
        if (got.join('\t') === expected.join('\t')) continue;
        if (expected.join() === '*' && got.join() !== 'accepted') continue;
        console.log(`${query}\n  expected ${expected}\n  got      ${got}`);
        if (++wrong < MISMATCHES_MAX) continue;
        console.log(`${path}: and perhaps more`);
        return 1;
    }
    console.log(`${path}: ${rows.length - wrong} of ${rows.length} agree`);
    return wrong === 0 && rows.length > 0 ? 0 : 1;
}

const USAGE = 'usage: spec.mjs [--frameworks] QUERY | --check TABLE | --refused LIST | --canonical LIST';

function printBody(results, query) {
    try {
        process.stdout.write(bodyOf(results.make(query)));
        return 0;
    } catch (error) {
        if (!(error instanceof Refused)) throw error;
        console.error(`spec.mjs: ${error.message}`);
        return 1;
    }
}

const FUNCTIONS = { '--check': 'row', '--refused': 'refusal', '--canonical': 'canonical' };

function main(given) {
    let [results, compared] = [new Results(resolve), false];
    while (given.length > 0) {
        const option = given.shift();
        if (option === '--frameworks') {
            results = new Results(rewriting(resolve));
        } else if (FUNCTIONS[option] && given.length > 0) {
            if (compare(given.shift(), (query) => results[FUNCTIONS[option]](query)) !== 0) return 1;
            compared = true;
        } else if (!option.startsWith('--') && given.length === 0) {
            return printBody(results, option);
        } else {
            compared = false;
            break;
        }
    }
    if (!compared) console.error(USAGE);
    return compared ? 0 : 64;
}

process.exitCode = main(process.argv.slice(2));
