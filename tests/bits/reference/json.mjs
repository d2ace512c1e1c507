// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Bodies": json, and the decimals that the canonical query has as well.

const SHORT = { '"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r',
    '\t': '\\t' };

export function jsonString(text) {
    // eslint-disable-next-line no-control-regex
    return `"${text.replace(/["\\\u0000-\u001f]/g, (c) => SHORT[c]
        ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

const bits = new DataView(new ArrayBuffer(8));

// e with 2^e <= x < 2^(e+1), for x above 2^-1022; less than that for 0.
export function exponentOf(x) {
    bits.setFloat64(0, x);
    return (bits.getUint16(0) >>> 4) - 1023;
}

// Digits without zeros at the end, and p with value = 0.digits * 10^p.
function partsOf(text) {
    const [digits, exponent] = text.split('e');
    return { digits: digits.replace('.', '').replace(/0+$/, ''), p: Number(exponent) + 1 };
}

// The interval of what reads back as 'value', a positive float with k bits after the point
// whose smallest normal number is 2^a. Its ends are exact in binary64, and a decimal of few
// digits never rounds to an end that it is not.
function intervalOf(value, k, a) {
    const u = Math.max(exponentOf(value), a);
    const step = 2 ** (u - k);
    // Below a power of two the neighbour is half as far, but for the smallest normal number.
    const power = value === 2 ** u && u > a;
    const [low, high] = [value - step / (power ? 4 : 2), value + step / 2];
    const even = (value / step) % 2 === 0;
    return (x) => (x > low && x < high) || (even && (x === low || x === high));
}

// The closest decimal of 'count' digits that reads back, or null. The closest of all does if
// any does, except below the middle of a lopsided interval, where the next one up may.
function closest(value, count, fits) {
    const [digits, exponent] = value.toExponential(count - 1).split('e');
    let n = BigInt(digits.replace('.', ''));
    const unit = Number(exponent) - count + 1;
    const more = value.toExponential(count);
    // Of two equally close ones toExponential() gives the larger.
    const tie = /5e/.test(more) && Number(more) === value;
    if (tie && n % 2n === 1n && fits(Number(`${n - 1n}e${unit}`))) n--;
    else if (!fits(Number(`${n}e${unit}`))) n++;
    if (!fits(Number(`${n}e${unit}`))) return null;
    return partsOf(Number(`${n}e${unit}`).toExponential(count - 1));
}

function shortest(value, k, a) {
    if (k === 52) return partsOf(value.toExponential());
    const fits = intervalOf(value, k, a);
    for (let count = 1; ; count++) {
        const found = closest(value, count, fits);
        if (found) return found;
    }
}

// A number of a float type as Python's repr writes it.
export function numberText(value, { k, a } = { k: 52, a: -1022 }) {
    const sign = value < 0 || Object.is(value, -0) ? '-' : '';
    if (value === 0) return `${sign}0.0`;
    const { digits, p } = shortest(Math.abs(value), k, a);
    if (p < -3 || p > 16) {
        const point = digits.length > 1 ? `.${digits.slice(1)}` : '';
        const size = String(Math.abs(p - 1)).padStart(2, '0');
        return `${sign}${digits[0]}${point}e${p > 0 ? '+' : '-'}${size}`;
    }
    if (p <= 0) return `${sign}0.${'0'.repeat(-p)}${digits}`;
    const padded = digits.padEnd(p, '0');
    return `${sign}${padded.slice(0, p)}.${padded.slice(p) || '0'}`;
}

function widened(bits, { k, a, bytes }) {
    const top = 2 ** (8 * bytes - 1);
    const magnitude = bits % top;
    const field = Math.floor(magnitude / 2 ** k);
    const r = field > 0 ? (magnitude % 2 ** k) + 2 ** k : magnitude;
    const size = r * 2 ** (Math.max(field - 1, 0) + a - k);
    return bits >= top ? -size : size;
}

function elementText(view, at, type) {
    switch (type.name) {
    case 'f32': return numberText(view.getFloat32(at, true), type);
    case 'f64': return numberText(view.getFloat64(at, true), type);
    case 'bool': return view.getUint8(at) ? 'true' : 'false';
    case 'i8': return `${view.getInt8(at)}`;
    case 'i16': return `${view.getInt16(at, true)}`;
    case 'i32': return `${view.getInt32(at, true)}`;
    case 'i64': return `"${view.getBigInt64(at, true)}"`;
    case 'u8': return `${view.getUint8(at)}`;
    case 'u16': return `${view.getUint16(at, true)}`;
    case 'u32': return `${view.getUint32(at, true)}`;
    case 'u64': return `"${view.getBigUint64(at, true)}"`;
    default:
        return numberText(widened(type.bytes === 1 ? view.getUint8(at)
            : view.getUint16(at, true), type), type);
    }
}

// The body, from the elements as bytes.
export function jsonBody({ p, type, view: { shape }, name }, elements) {
    const view = new DataView(elements.buffer, elements.byteOffset, elements.length);
    const layout = p.get('json', 'nested');
    let at = 0;
    const next = () => {
        at += type.bytes;
        return elementText(view, at - type.bytes, type);
    };
    const arrays = (dims) => {
        if (dims.length === 0) return next();
        const items = Array.from({ length: Number(dims[0]) }, () => arrays(dims.slice(1)));
        return `[${items.join(',')}]`;
    };
    const data = arrays(layout === 'nested' ? shape
        : [BigInt(elements.length / type.bytes)]);
    if (layout !== 'object') return Buffer.from(`${data}\n`);
    return Buffer.from(`{"shape":[${shape}],"dtype":"${type.name}","scheme":"${p.schemeName}",`
        + `"seed":"${p.get('seed', 0n)}","name":${jsonString(name.toString())},"data":${data}}\n`);
}
