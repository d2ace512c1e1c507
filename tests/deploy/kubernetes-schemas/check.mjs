// SPDX-License-Identifier: MIT
//
// node check.mjs <objects: JSON, an array of manifests on standard input. Exit 1 if the
// published JSON schema of one's kind finds fault with it, has no such kind, or does not know
// one of its fields; or if it finds no fault with what was spoilt on purpose.
import { readFileSync } from "node:fs";

const packages = ["kubernetes-models", "@kubernetes-models/prometheus-operator"];

// "apps/v1" lies in kubernetes-models/apps/v1, "v1" in kubernetes-models/v1.
async function modelOf(object) {
    for (const name of packages) {
        try {
            const module = await import(`${name}/${object.apiVersion}/${object.kind}`);
            return module[object.kind];
        } catch (error) {
            if (!/NOT_EXPORTED|NOT_FOUND/.test(error.code ?? "")) throw error;
        }
    }
    throw new Error(`no schema of ${object.apiVersion} ${object.kind}`);
}

// The schemas allow fields that they do not know. Their validators look at those that they
// know, and at all of a map: so this notes in 'known' what is looked at.
function watched(value, path, known) {
    if (value === null || typeof value !== "object") return value;
    return new Proxy(value, {
        get(target, key) {
            const below = `${path}/${String(key)}`;
            known.add(below);
            return watched(target[key], below, known);
        },
    });
}

function* fieldsOf(value, path) {
    if (value === null || typeof value !== "object") return;
    for (const [key, below] of Object.entries(value)) {
        yield `${path}/${key}`;
        yield* fieldsOf(below, `${path}/${key}`);
    }
}

// What the schema says against it; null if nothing.
async function fault(object) {
    const Model = await modelOf(object);
    const known = new Set();
    try {
        const model = new Model(object); // a copy of all
        model.spec = watched(object.spec, "/spec", known);
        model.validate();
    } catch (error) {
        return error.message;
    }
    const unknown = [...fieldsOf(object.spec, "/spec")].filter((path) => !known.has(path));
    return unknown.length > 0 ? `unknown: ${unknown.join(", ")}` : null;
}

let failed = false;
function fail(object, text) {
    console.error(`${object.kind} ${object.metadata.name}: ${text}`);
    failed = true;
}

for (const object of JSON.parse(readFileSync(0, "utf-8"))) {
    const found = await fault(object);
    if (found) fail(object, found);
    if (!await fault({ ...object, spec: { ...object.spec, unknownField: 1 } }))
        fail(object, "an unknown field is not found");
    if (!await fault({ ...object, spec: 1 })) fail(object, "spec: 1 is not found");
}
process.exitCode = failed ? 1 : 0;
