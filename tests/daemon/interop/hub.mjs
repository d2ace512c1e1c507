// SPDX-License-Identifier: MIT
//
// node hub.mjs MODULE SERVER: reads targets, one a line, and writes for each the header
// that @huggingface/hub's parseSafetensorsMetadata finds there by range requests, as one
// line of JSON. MODULE is the URL of the package's entry. test_safetensors.py calls it.
import readline from "node:readline";

const [module, server] = process.argv.slice(2);
const { parseSafetensorsMetadata } = await import(module);

// The package asks for a file of a repository: it gets the tensor.
function redirect(target, statuses) {
  return async (url, init) => {
    const requested = new URL(url);
    const real = requested.pathname.includes("/resolve/") ? server + target : requested;
    const response = await fetch(real, init);
    statuses.push(response.status);
    return response;
  };
}

for await (const target of readline.createInterface({ input: process.stdin })) {
  const statuses = [];
  const { header } = await parseSafetensorsMetadata({
    repo: "a/b",
    path: "model.safetensors",
    hubUrl: server,
    fetch: redirect(target, statuses),
  });
  console.log(JSON.stringify({ header, statuses }));
}
