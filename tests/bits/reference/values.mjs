// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Query" and "Values": the forms of values.
import { PARAMETERS, SCHEMES } from './tables.mjs';

export function decode(text) {
    const bytes = [];
    const from = Buffer.from(text, 'utf8');
    for (let i = 0; i < from.length; i++) {
        if (from[i] !== 0x25) {
            bytes.push(from[i] === 0x2b ? 0x20 : from[i]);
            continue;
        }
        const digits = from.toString('latin1', i + 1, i + 3);
        if (!/^[0-9a-f]{2}$/i.test(digits)) return null;
        bytes.push(parseInt(digits, 16));
        i += 2;
    }
    return Buffer.from(bytes);
}

const U64 = (1n << 64n) - 1n;

// Each reader returns undefined for what is not of its form.

function readUnsigned(text, minimum = 0n, maximum = U64) {
    if (!/^[0-9]+$/.test(text)) return undefined;
    const value = BigInt(text);
    return value >= minimum && value <= maximum ? value : undefined;
}

function readSeed(text) {
    if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text.toLowerCase());
    if (!text.startsWith('-')) return readUnsigned(text);
    const size = readUnsigned(text.slice(1), 0n, 1n << 63n);
    return size === undefined ? undefined : BigInt.asUintN(64, -size);
}

export function readNumber(text) {
    if (text.length > 1100) return undefined;
    if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text)) return undefined;
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
}

export const isCut = ({ low, high }) => low <= 6 && high >= -6 && high - low >= 0.000001;

export function readInt(text) {
    if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
    const value = BigInt(text.replace('+', ''));
    return BigInt.asIntN(64, value) === value ? value : undefined;
}

// The number, and the same exactly if it is an integer.
function readConstant(text) {
    if (text === '-inf' || text === 'inf') return { number: text === 'inf' ? Infinity : -Infinity };
    const number = readNumber(text);
    if (number === undefined) return undefined;
    const size = readUnsigned(text.replace(/^[+-]/, ''));
    const integer = size !== undefined && text.startsWith('-') ? -size : size;
    return { number, integer };
}

function listOf(text, maximum, read) {
    const items = text.split(',').map(read);
    return items.length <= maximum && !items.includes(undefined) ? items : undefined;
}

function readSliceItem(text) {
    if (text === '...') return { ellipsis: true };
    if (!text.includes(':')) {
        const index = readInt(text);
        return index === undefined ? undefined : { index };
    }
    const ends = text.split(':');
    const [start, stop, step] = ends.map((end) => (end === '' ? null : readInt(end)));
    if (ends.length > 3 || [start, stop, step].slice(0, ends.length).includes(undefined)) {
        return undefined;
    }
    if (step === 0n || step === -(1n << 63n)) return undefined;
    return { start, stop, step: step ?? 1n };
}

function readSlice(text) {
    const items = listOf(text, 33, readSliceItem);
    return items?.filter((item) => item.ellipsis).length > 1 ? undefined : items;
}

function readShardItem(text) {
    const parts = /^([^:]*):([^/]*)\/(.*)$/s.exec(text);
    if (!parts) return undefined;
    const [axis, index, count] = [readInt(parts[1]), readUnsigned(parts[2]), readUnsigned(parts[3])];
    if (axis === undefined || index === undefined || !(index < count)) return undefined;
    return { axis, index, count };
}

function readTruncation(text) {
    if (text === 'none') return { low: -Infinity, high: Infinity };
    const comma = text.indexOf(',');
    let low, high;
    if (comma < 0) {
        high = readNumber(text);
        low = high === undefined ? undefined : -high;
    } else {
        const [before, after] = [text.slice(0, comma), text.slice(comma + 1)];
        low = before === '-inf' ? -Infinity : readNumber(before);
        high = after === 'inf' ? Infinity : readNumber(after);
    }
    if (low === undefined || high === undefined) return undefined;
    return isCut({ low, high }) ? { low, high } : undefined;
}

export function readShape(text) {
    const dims = text === 'scalar' ? [] : text.split(',').map((dim) => readUnsigned(dim));
    return dims.length <= 32 && !dims.includes(undefined) ? dims : undefined;
}

function readText(text, bytes) {
    if (bytes.length > 1024 || bytes.includes(0)) return undefined;
    try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
        return undefined;
    }
    return bytes;
}

function readScheme(text) {
    for (const [name, { aliases }] of SCHEMES) {
        if (name === text || aliases.includes(text)) return name;
    }
    return undefined;
}

const FLAGS = new Map([['true', true], ['1', true], ['false', false], ['0', false]]);

const READERS = {
    shape: readShape,
    scheme: readScheme,
    seed: readSeed,
    text: readText,
    count: (text) => readUnsigned(text, 1n),
    index: (text) => readUnsigned(text),
    integer: readInt,
    number: readNumber,
    flag: (text) => FLAGS.get(text),
    truncation: readTruncation,
    constant: readConstant,
    axes: (text) => (text === 'none' ? [] : listOf(text, 32, readInt)),
    permute: (text) => listOf(text, 32, readInt),
    slice: readSlice,
    shard: (text) => listOf(text, 64, readShardItem),
};

export function readValue(name, bytes) {
    const { form, choices } = PARAMETERS.get(name);
    const text = bytes.toString('latin1');
    if (form === 'choice') return choices.includes(text) ? text : undefined;
    return READERS[form](text, bytes);
}
