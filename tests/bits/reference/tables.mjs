// SPDX-License-Identifier: MIT
//
// The tables of docs/SPEC.md, for spec.mjs and special.mjs.
import { readFileSync } from 'node:fs';

export const readDocument = (name) => (
    readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8'));

const page = readDocument('SPEC.md');

// Rows of the one table of a text whose header is exactly this; cells without back quotes.
export function tableIn(text, header) {
    const start = text.indexOf(`\n| ${header.join(' | ')} |\n`);
    if (start < 0) throw new Error(`there is no table ${header.join(' | ')}`);
    const rows = text.slice(start + 1).split('\n\n', 1)[0].trimEnd().split('\n').slice(2);
    return rows.map((row) => row.slice(1, -1).split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1').replaceAll('\\|', '|')));
}

const tableOf = (...header) => tableIn(page, header);

export const wordsIn = (cell) => cell.split(/\s+/).filter((word) => word !== '');
export const pairsIn = (cell) => wordsIn(cell).map((pair) => pair.split('='));

// '0x1.8p-1': digits and exponent are exact in binary64, and so is their product.
function hexFloat(text) {
    const [, sign, digits, exponent] = /^(-?)0x1\.([0-9a-f]{1,13})p([+-]?\d+)$/.exec(text);
    const size = Number(BigInt(`0x1${digits}`)) / 16 ** digits.length * 2 ** Number(exponent);
    return sign === '-' ? -size : size;
}

function doubleDouble(heading) {
    const row = page.match(new RegExp(`^\\| ${heading} \\| \`\\[(.*), (.*)\\]\` \\|$`, 'm'));
    return [hexFloat(row[1]), hexFloat(row[2])];
}

function coefficients(terms, first) {
    const names = Array.from({ length: terms }, (_, k) => `c${k}`);
    return tableOf('s', ...names).map(([s, ...cells], index) => {
        if (Number(s) !== first + index) throw new Error(`row ${index} of a quantile table is ${s}`);
        return cells.map((bits) => {
            const buffer = Buffer.from(bits, 'hex');
            return buffer.length === 4 ? buffer.readFloatBE(0) : buffer.readDoubleBE(0);
        });
    });
}

// '2^128 - 2^119'; 2^1024 is infinity, which serves.
function limit(text) {
    const [first, sign, second] = text.split(' ').map((term) => {
        const [base, exponent] = term.split('^');
        return exponent === undefined ? base : base ** exponent;
    });
    return Number(first) + (second === undefined ? 0 : Number(`${sign}1`) * second);
}

export const specName = page.slice(0, page.indexOf('\n')).split(' ').pop();

export const PHILOX = Object.fromEntries(tableOf('constant', 'value')
    .map(([name, value]) => [name, Number(value)]));

export const LN2 = doubleDouble('LN2');
export const INV_SQRT_2PI = doubleDouble('INV_SQRT_2PI');

export const QUANTILE32 = coefficients(8, 0);
export const FIRST64 = 32; // the number of the first row
export const QUANTILE64 = coefficients(19, FIRST64);

export const PARAMETERS = new Map(tableOf('parameter', 'form', 'choices', 'default', 'group')
    .map(([name, form, choices, fallback, group]) => [name, {
        form, choices: wordsIn(choices), fallback, group,
    }]));

export const SCHEMES = new Map(tableOf('scheme', 'aliases', 'rule', 'fixed', 'defaults',
    'takes, besides the parameters of every scheme')
    .map(([name, aliases, rule, fixed, defaults, takes]) => [name, {
        aliases: wordsIn(aliases),
        rule,
        numbers: new Map([...pairsIn(fixed), ...pairsIn(defaults)]),
        defaults: new Map(pairsIn(defaults)),
        takes: wordsIn(takes),
    }]));

// Floats have k, bits after the point, and a, the exponent of the smallest normal number.
const floats = new Map([['f32', [23, -126]], ['f64', [52, -1022]],
    ...tableOf('float', 'exponent bits', 'significand bits after the point',
        'smallest normal number').map(([name, , k, minimum]) => [name,
        [Number(k), Number(minimum.replace('2^', ''))]])]);

export const TYPES = new Map(
    tableOf('type', 'bytes', 'compute type', 'limit', 'npy descr', 'safetensors')
        .map(([name, bytes, compute, bound, descr, safetensors]) => {
            const [k, a] = floats.get(name) ?? [];
            return [name, {
                name, bytes: Number(bytes), isF64: compute === 'binary64',
                integer: compute === 'integer', limit: limit(bound), descr, safetensors, k, a,
            }];
        }));

// 'layout transposed' -> in, out and grouped axis.
export const AXES = new Map(
    tableOf('layout', 'transposed', 'in axis', 'out axis', 'grouped axis', 'shape is')
        .map(([layout, transposed, ...rest]) => [`${layout} ${transposed}`,
            rest.slice(0, 3).map(Number)]));
