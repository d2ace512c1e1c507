// SPDX-License-Identifier: MIT

// A request that docs/SPEC.md calls an error; 'field' is the parameter at fault.
export class Refused extends Error {
    constructor(field, text) {
        super(`${field}: ${text}`);
        this.field = field;
    }
}
