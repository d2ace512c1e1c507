// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Canonical query" and "Entity tag".
import { createHash } from 'node:crypto';

import { axesOf } from './fans.mjs';
import { numberText } from './json.mjs';
import { itemText } from './part.mjs';
import { PARAMETERS, specName } from './tables.mjs';

const plainNumber = (x) => numberText(x + 0).replace(/\.0$/, '').replace('+', '');

function truncationText({ low, high }) {
    if (low === -Infinity && high === Infinity) return 'none';
    if (low === -high) return plainNumber(high);
    return [low === -Infinity ? '-inf' : plainNumber(low),
        high === Infinity ? 'inf' : plainNumber(high)].join(',');
}

const unreserved = /[A-Za-z0-9._~-]/;

const TEXTS = {
    shape: (shape) => (shape.length === 0 ? 'scalar' : shape.join(',')),
    text: (bytes) => [...bytes].map((byte) => {
        const c = String.fromCharCode(byte);
        return unreserved.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }).join(''),
    axes: (axes) => axes.join(',') || 'none',
    number: plainNumber,
    truncation: truncationText,
    constant: ({ number, integer }) => {
        if (!Number.isFinite(number)) return number < 0 ? '-inf' : 'inf';
        return integer === undefined ? plainNumber(number) : `${integer}`;
    },
};

export function canonicalQuery(p, view) {
    const pairs = [];
    for (const [name, { form, fallback }] of PARAMETERS) {
        let text;
        if (name === 'scheme') {
            text = p.schemeName;
        } else if (name === 'slice') {
            text = view.taken.map(itemText).join(',').replace(/(^|,):(,:)*$/, '');
        } else if (name === 'permute') {
            text = view.axes.some((axis, i) => axis !== i) ? view.axes.join(',') : '';
        } else if (p.has(name) && name !== 'shard') {
            let value = form === 'axes' ? axesOf(p, name) : p.get(name);
            if (name === 'padding_idx' && value < 0n) value += p.get('shape')[0];
            text = (TEXTS[form] ?? String)(value);
            const always = form === 'axes' || ['shape', 'name'].includes(name);
            if (!always && text === (p.scheme.defaults.get(name) ?? fallback)) continue;
        }
        if (text) pairs.push(`${name}=${text}`);
    }
    return pairs.join('&');
}

export function entityTag(query) {
    return createHash('sha256').update(`${specName} 1 ${query}`).digest('hex').slice(0, 32);
}
