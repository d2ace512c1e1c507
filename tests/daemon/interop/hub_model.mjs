// SPDX-License-Identifier: MIT
//
// node hub_model.mjs MODULE SERVER REPO REVISION CACHE: what @huggingface/hub finds of a model,
// and downloads into CACHE, as one line of JSON. MODULE is the URL of the package's entry.
// test_hub.py calls it.
const [module, hubUrl, repo, revision, cacheDir] = process.argv.slice(2);
const hub = await import(module);
const of = { repo, revision, hubUrl };
console.log = () => {}; // the package says what it downloads

const files = {};
for await (const file of hub.listFiles({ ...of, recursive: true })) files[file.path] = file.size;
const metadata = await hub.parseSafetensorsMetadata({ ...of, computeParametersCount: true });
const absent = await hub.fileExists({ ...of, path: "absent" });
const folder = await hub.snapshotDownload({ ...of, cacheDir });
const { sharded, parameterCount } = metadata;
process.stdout.write(JSON.stringify({ files, sharded, parameterCount, absent, folder }) + "\n");
