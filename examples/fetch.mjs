// SPDX-License-Identifier: MIT
//
// One tensor in JavaScript: its bytes go to standard output. node fetch.mjs [SERVER]
// A page does the same: the server allows it (CORS).
const server = process.argv[2] ?? "http://127.0.0.1:8080";
const parameters = new URLSearchParams({
    shape: [512, 784], scheme: "he_normal", seed: 42, name: "fc1.weight",
});

const response = await fetch(`${server}/v1/tensor?${parameters}`);
if (!response.ok) throw new Error((await response.json()).detail);
const weights = new Float32Array(await response.arrayBuffer());

console.error(response.headers.get("Tensor-Shape"), weights.subarray(0, 3));
process.stdout.write(new Uint8Array(weights.buffer));
