// SPDX-License-Identifier: MIT
//
// docs/SPEC.md, "Query", "Parameters", "Schemes": query text -> parameters.
import { Refused } from './refused.mjs';
import { RULES, copied, padded, scaled } from './rules.mjs';
import { PARAMETERS, SCHEMES } from './tables.mjs';
import { decode, readValue } from './values.mjs';

function readQuery(query) {
    const given = new Map();
    if (query === '') return given;
    for (const pair of query.split('&')) {
        const equals = pair.indexOf('=');
        const key = decode(equals < 0 ? pair : pair.slice(0, equals));
        if (key === null) throw new Refused('query', 'a broken name');
        const name = key.toString('latin1');
        if (!PARAMETERS.has(name)) throw new Refused(name || 'query', 'no such parameter');
        if (equals < 0) throw new Refused(name, 'without a value');
        if (given.has(name)) throw new Refused(name, 'given twice');
        const bytes = decode(pair.slice(equals + 1));
        const value = bytes === null ? undefined : readValue(name, bytes);
        if (value === undefined) throw new Refused(name, 'not of its form');
        given.set(name, value);
    }
    return given;
}

// The parameters of a request: 'given', and by get() what holds for those that are not.
export class Parameters {
    constructor(query) {
        this.given = readQuery(query);
        if (!this.has('shape')) throw new Refused('shape', 'required');
        const name = this.has('scheme') ? this.given.get('scheme') : 'he_normal';
        this.schemeName = name;
        this.scheme = SCHEMES.get(name);
        for (const param of this.given.keys()) {
            const { group } = PARAMETERS.get(param);
            if (group === 'every scheme') continue;
            if (this.scheme.takes.includes(param) || this.scheme.takes.includes(group)) continue;
            throw new Refused(param, `does not apply to ${name}`);
        }
    }

    has(name) {
        return this.given.has(name);
    }

    distribution() {
        return copied(this, padded(this, scaled(this, RULES[this.scheme.rule](this))));
    }

    get(name, fallback) {
        if (this.has(name)) return this.given.get(name);
        if (!this.scheme.numbers.has(name)) return fallback;
        return readValue(name, Buffer.from(this.scheme.numbers.get(name)));
    }
}
