// SPDX-License-Identifier: MIT
// The page at /, as a person meets it: see run.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { AXE, BUILD, FOLDER, daemon, killDaemons, launch, open, settled, until } from "./browser.mjs";

const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
let server, browser;

before(async () => {
  server = await daemon();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  killDaemons();
});

const get = async (target) => (await fetch(server.url + target)).json();
const text = (page, selector) => page.locator(selector).innerText();

/** What the page shows as numbers: {std: "0.05", ...}; whole values where they are shortened. */
const numbers = (page) => page.$$eval("#numbers > div", (rows) => Object.fromEntries(rows.map((row) =>
  [row.querySelector("dt").textContent, row.querySelector("dd").title || row.querySelector("dd").textContent])));

/** The chart of a canvas: the numbers that it draws. */
const chart = (page, id) => page.evaluate((name) => {
  const made = globalThis.Chart.getChart(name);
  return made && made.data.datasets.map(({ label, data }) => ({ label, y: data.map((point) => point.y) }));
}, id);

test("each scheme has its numbers, its picture and its fields", async () => {
  const { page, finish, go, allowErrors } = await open(browser, server.url);
  allowErrors(); // a shape that the scheme does not take is replaced by one that it takes
  await go("/?shape=64,64&seed=3&name=w");
  const { schemes } = await get("/v1/schemes");
  assert.deepEqual(await page.$$eval("#t-scheme option", (all) => all.map(({ value }) => value)), schemes.map(({ name }) => name));
  for (const scheme of schemes) {
    await page.selectOption("#t-scheme", scheme.name);
    await settled(page);
    const query = new URL(page.url()).search;
    assert.equal(new URLSearchParams(query).get("scheme"), scheme.name);
    assert.equal(await page.locator("#tensor-problem").isVisible(), false, scheme.name);
    assert.equal(await page.locator("[aria-invalid]").count(), 0, scheme.name);
    assert.match(await text(page, "#scheme-about"), new RegExp(`^${scheme.name}: `));
    const plan = await get(`/v1/plan${query}`), stats = await get(`/v1/stats${query.replace(/&format=\w+/, "")}`);
    const shown = await numbers(page);
    if (plan.std !== undefined) assert.equal(shown.std, String(plan.std), scheme.name);
    if (plan.fan_in !== undefined) assert.equal(shown["fan in"].replace(/\D/g, ""), String(plan.fan_in));
    assert.equal(shown.size, `${plan.bytes} bytes`);
    assert.equal(shown.stream, plan.stream);
    const [bars, line] = await chart(page, "histogram");
    const width = (stats.histogram_high - stats.histogram_low) / stats.histogram.length;
    stats.histogram.forEach((count, i) =>
      assert.ok(Math.abs(bars.y[i] * width * stats.count - count) < 1e-6 * stats.count, `${scheme.name}: bar ${i}`));
    if (line) { // the density over the bars integrates to the share that has one
      const step = (stats.histogram_high - stats.histogram_low) / (line.y.length - 1);
      const sum = line.y.reduce((all, y, i) => all + y * (i === 0 || i === line.y.length - 1 ? 0.5 : 1), 0) * step;
      const expected = scheme.name === "sparse" ? 1 - stats.zero_share : 1;
      assert.ok(Math.abs(sum - expected) < 0.03, `${scheme.name}: the density's integral is ${sum}`);
    }
    for (const name of scheme.parameters.filter((one) => ["gain", "std", "low", "layers", "fan_in", "mode"].includes(one)))
      assert.equal(await page.locator(`#t-${name}`).count(), 1, `${scheme.name}: ${name}`);
  }
  await finish();
});

test("which schemes have an exact density", async () => {
  const { page, finish, go } = await open(browser, server.url);
  for (const [query, has] of [["scheme=he_normal", true], ["scheme=uniform&low=-2&high=1", true], ["scheme=normal&mean=3", true],
    ["scheme=truncated_normal&mean=1&std=2&truncation=-1,3", true], ["scheme=orthogonal", true], ["scheme=log_of_uniform", true],
    ["scheme=identity", false], ["scheme=ones", false]]) {
    await go(`/?shape=256,256&name=w&${query}`);
    const drawn = await chart(page, "histogram");
    assert.equal(drawn.length, has ? 2 : 1, query);
    if (!has) continue;
    /* 65,536 values in 64 bars: the bars follow the line. */
    const largest = Math.max(...drawn[1].y);
    drawn[0].y.forEach((y, i) => assert.ok(Math.abs(y - drawn[1].y[4 * i + 2]) < 0.12 * largest, `${query}: bar ${i}`));
  }
  await finish();
});

test("the heat map and the first values are the tensor's", async () => {
  const { page, finish, go } = await open(browser, server.url);
  for (const [query, slice, rows, columns] of [
    ["shape=100,300&name=a&scheme=he_normal", "0:48,0:64", 48, 64],
    ["shape=100,300&name=a&scheme=he_normal&shard=1:1/3", "0:48,100:164", 48, 64],
    ["shape=16,8,3,3&name=a&dtype=bf16&scheme=he_normal", "0:16,0:7,0:3,0:3", 16, 63],
    ["shape=9&scheme=arange&dtype=i32", "0:9", 1, 9]]) {
    await go(`/?${query}`);
    const values = await get(`/v1/tensor?${query.replace(/&shard=[^&]*/, "")}&slice=${slice}&format=json&json=flat`);
    const shown = await page.$$eval("#values span", (all) => all.map((one) => one.textContent));
    assert.deepEqual(shown.slice(0, 9), values.slice(0, 9).map(String), query);
    const canvas = await page.$eval("#corner", (one) => [one.height, one.width]);
    assert.deepEqual(canvas, [rows, columns], query);
    /* The sign of each value: blue or orange. */
    const signs = await page.$eval("#corner", (one) => {
      const { data } = one.getContext("2d").getImageData(0, 0, one.width, one.height);
      return Array.from({ length: data.length / 4 }, (_, i) => Math.sign(data[4 * i] - data[4 * i + 2]));
    });
    const strong = Math.max(...values.map(Math.abs)) / 10;
    values.forEach((value, i) => { if (Math.abs(value) > strong) assert.equal(signs[i], Math.sign(value), `${query}: ${i}`); });
  }
  await finish();
});

test("each error shows beside its field, and nowhere else", async () => {
  const { page, finish, go, allowErrors } = await open(browser, server.url);
  allowErrors();
  for (const [query, name, value] of [
    ["scheme=he_normal", "shape", "2,x"], ["scheme=he_normal", "shape", ""], ["scheme=he_normal", "seed", "one"],
    ["scheme=kaiming_normal", "gain", "-1"], ["scheme=normal", "std", "-1"], ["scheme=normal", "std", "1e999"],
    ["scheme=truncated_normal", "truncation", "3,1"], ["scheme=constant&value=1", "value", ""],
    ["scheme=sparse&sparsity=0.1", "sparsity", "2"], ["scheme=he_normal", "groups", "0"], ["scheme=normal", "dtype", "i8"]]) {
    await go(`/?shape=64,64&name=w&${query}`);
    const control = page.locator(`#t-${name}`);
    if (name === "groups") await page.locator("#fan-details summary").click();
    if (name === "dtype") await control.selectOption(value);
    else await control.fill(value);
    await settled(page);
    const response = await fetch(`${server.url}/v1/plan${new URL(page.url()).search}`);
    const problem = await response.json();
    assert.equal(response.status, 400, `${name}=${value}`);
    assert.equal(await control.getAttribute("aria-invalid"), "true", `${name}=${value}`);
    assert.equal(await text(page, `#t-${name}-error`), problem.detail);
    assert.ok(await page.locator(`#t-${name}-error`).isVisible());
    assert.equal(await page.locator("[aria-invalid]").count(), 1);
    /* And is gone once it is right. */
    if (name === "dtype") await control.selectOption("f32");
    else await control.fill({ shape: "8,8", seed: "1", gain: "1", std: "1", truncation: "2", value: "3", sparsity: "0.5", groups: "2" }[name]);
    await settled(page);
    assert.equal(await page.locator("[aria-invalid]").count(), 0, `${name}, right again`);
  }
  await go("/?view=why");
  await page.locator("#w-depth").fill("0");
  await settled(page);
  assert.match(await text(page, "#w-depth-error"), /depth/);
  await page.locator("#w-depth").fill("5");
  await page.locator("#w-parameters1").fill("mode=fan_inn");
  await settled(page);
  assert.match(await text(page, "#w-parameters1-error"), /mode/);
  assert.equal(await page.locator("[aria-invalid]").count(), 1);
  await finish();
});

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Runs lines as a person would, and returns the digest that they lead to. */
function run(language, lines, folder, environment = {}) {
  const shell = (command) => execFileSync("bash", ["-euc", command], { cwd: folder, encoding: "utf8", env:
    { ...process.env, ...environment, PATH: `${BUILD}:${process.env.PATH}`, LD_LIBRARY_PATH: BUILD, http_proxy: "", HTTP_PROXY: "", no_proxy: "127.0.0.1" } });
  switch (language) {
    case "curl":
    case "command":
      return shell(lines).trim().split(" ")[0];
    case "python":
      fs.writeFileSync(path.join(folder, "w.py"), lines);
      return shell(`${process.env.PYTHON || "python3"} w.py`).trim();
    case "javascript":
      fs.writeFileSync(path.join(folder, "w.mjs"), lines);
      return shell(`${process.env.NODE} w.mjs`).trim();
    case "c":
      fs.writeFileSync(path.join(folder, "w.c"), lines);
      shell(`${process.env.CC || "cc"} -Wall -Werror -I ${ROOT}/include w.c -L ${BUILD} -ltensorinit-client -ltensorinit -o w`);
      return sha256(execFileSync(path.join(folder, "w"), [], { env: { ...process.env, ...environment, LD_LIBRARY_PATH: BUILD } }));
    default:
      throw new Error(language);
  }
}

test("copied lines run and give the digest shown, and so does the download", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "page-"));
  const { page, finish, go } = await open(browser, server.url);
  try {
    for (const query of ["shape=40,30&scheme=he_normal&seed=42&name=fc1.weight&dtype=f32&format=npy",
      "shape=8,30&scheme=normal&std=0.5&seed=-7&name=" + encodeURIComponent("it's \"a\" `b` $HOME %41+é ??/") + "&dtype=f16&format=raw&shard=0:1/3",
      "shape=6,4&scheme=orthogonal&seed=0x1f&dtype=f64&format=safetensors", "shape=5,3&scheme=uniform&low=-1&high=-0.5&name=-x&format=json"]) {
      await go(`/?${query}`);
      const digest = await text(page, "#digest");
      assert.equal(digest, sha256(new Uint8Array(await (await fetch(`${server.url}/v1/tensor?${query}`)).arrayBuffer())), query);
      for (const language of await page.$$eval('input[name="language"]', (all) => all.map(({ value }) => value))) {
        await page.check(`input[value="${language}"]`, { force: true });
        await page.click("#copy");
        const lines = await page.evaluate(() => navigator.clipboard.readText());
        assert.equal(lines, await page.locator("#snippet").textContent());
        assert.equal(run(language, lines, folder), digest, `${language}: ${query}\n${lines}`);
      }
      const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
      assert.equal(sha256(fs.readFileSync(await download.path())), digest, query);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  await finish();
});

test("a framework's name is shown as the scheme that it is: the same bytes, its parameters in their fields", async () => {
  const { page, finish, go, allowErrors } = await open(browser, server.url);
  for (const [query, scheme, means] of [["scheme=torch.kaiming_uniform_&a=0.3&seed=9", "kaiming_uniform", /torch\.kaiming_uniform_ is kaiming_uniform .*slope=0\.3/],
    ["scheme=keras.HeNormal&seed=-1&format=npy", "he_normal", /keras\.HeNormal is he_normal layout=io/],
    ["scheme=jax.lecun_normal&dtype=bf16&shard=1:1/2", "lecun_normal", /jax\.lecun_normal is lecun_normal layout=io/]]) {
    await go(`/?shape=12,10&name=w&${query}`);
    assert.equal(await page.inputValue("#t-scheme"), scheme);
    assert.match(await text(page, "#scheme-about"), new RegExp(`^${scheme}: `));
    assert.match(await text(page, "#tensor-note"), means);
    const file = await fetch(`${server.url}/v1/tensor?shape=12,10&name=w&${query}`);
    const same = await fetch(await page.locator("#download").getAttribute("href"));
    const bytes = Buffer.from(await same.arrayBuffer());
    assert.equal(sha256(bytes), await text(page, "#digest"), query);
    if (query.includes("format")) assert.equal(sha256(bytes), sha256(Buffer.from(await file.arrayBuffer())), query);
    else assert.ok(bytes.includes(Buffer.from(await file.arrayBuffer())), query); // an NPY file around it
  }
  assert.equal(await page.locator("#t-layout").inputValue(), "io");
  await go("/?view=why&depth=3&width=16&curve=scheme%3Dkeras.HeNormal");
  assert.match(await text(page, "#said"), /keras\.HeNormal it keeps its size/);
  /* What is not known is an error, and no other scheme's text stands beside it. */
  allowErrors();
  await go("/?shape=12,10&name=w&scheme=torch.kaiming_uniform_&a=x");
  assert.match(await text(page, "#tensor-problem"), /^a: /);
  for (const scheme of ["nonsense", "torch.kaiming_uniform_&a=x"]) {
    await go(`/?shape=12,10&name=w&scheme=${scheme}`);
    assert.equal(await text(page, "#scheme-about"), "");
  }
  await go("/?view=why&curve=scheme%3Dnonsense&activation=reul");
  assert.match(await text(page, "#w-activation-error"), /reul/);
  await page.selectOption("#w-activation", "relu");
  await settled(page);
  assert.match(await text(page, "#w-scheme0-error"), /'nonsense'/);
  await finish();
});

test("a link without a shape keeps what it says", async () => {
  const { page, finish, go } = await open(browser, server.url);
  for (const [query, shape] of [["scheme=xavier_uniform&seed=7", "512,784"], ["scheme=dirac&dtype=f16", "64,64,3,3"]]) {
    await go(`/?${query}`);
    for (const [name, value] of new URLSearchParams(query)) assert.equal(await page.inputValue(`#t-${name}`), value);
    assert.equal(await page.inputValue("#t-shape"), shape);
    assert.match(await text(page, "#digest"), /^[0-9a-f]{64}$/);
  }
  await finish();
});

/** What sections of the tensor's view show: a chart, a heat map, values. */
const drawn = (page) => page.evaluate(() => ({ chart: Boolean(globalThis.Chart.getChart("histogram")),
  cells: document.getElementById("corner").width, values: document.querySelectorAll("#values span").length }));

test("what cannot be shown is empty, and shows nothing of the tensor before", async () => {
  const { page, finish, go, allowErrors } = await open(browser, server.url);
  allowErrors();
  await go("/?shape=8,8&scheme=constant&value=2&name=w");
  assert.deepEqual(await drawn(page), { chart: true, cells: 8, values: 13 });
  await page.fill("#t-value", "inf"); // JSON has none
  await settled(page);
  assert.match(await text(page, "#corner-about"), /inf/);
  assert.deepEqual([(await drawn(page)).cells, (await drawn(page)).values], [1, 0]);
  await go("/?shape=8,8&name=w");
  await page.route("**/v1/{stats,tensor}*", (one) => one.fulfill({ status: 404, body: "<html>" }), { times: 2 });
  await page.fill("#t-seed", "7");
  await settled(page);
  assert.deepEqual(await drawn(page), { chart: false, cells: 1, values: 0 });
  assert.match(await text(page, "#histogram-about"), /status 404/);
  await page.fill("#t-seed", "8");
  await settled(page);
  assert.deepEqual(await drawn(page), { chart: true, cells: 8, values: 13 });
  /* A body that ends early. */
  await page.route("**/v1/plan*", (one) => one.fulfill({ contentType: "application/json", body: '{"spec' }), { times: 1 });
  await page.fill("#t-seed", "9");
  await settled(page);
  assert.match(await text(page, "#tensor-problem"), /ends early/);
  await finish();
});

test("a request to a busy service is repeated when it says, and what it says at last is shown", async () => {
  const { page, finish, go, allowErrors } = await open(browser, server.url);
  allowErrors();
  await go("/?shape=8,8&name=w");
  const busy = (times) => page.route("**/v1/stats*", (one) => one.fulfill({ status: 503, headers: { "Retry-After": "0" },
    contentType: "application/problem+json", body: '{"detail": "All memory is in use.", "status": 503}' }), { times });
  await busy(2);
  await page.fill("#t-seed", "7");
  await settled(page);
  assert.deepEqual(await drawn(page), { chart: true, cells: 8, values: 13 });
  await busy(4);
  await page.fill("#t-seed", "8");
  await settled(page);
  assert.match(await text(page, "#histogram-about"), /All memory is in use/);
  await finish();
});

test("while the service computes, what is old is marked, and a digest of before comes too late", async () => {
  const { page, finish, go } = await open(browser, server.url);
  const release = {}; // the requests that are held
  const hold = (pattern, name) => page.route(pattern, (one) => new Promise((resolve) => {
    release[name] = () => resolve(one.continue().catch(() => {}));
  }), { times: 1 });
  await go("/?shape=20000,5000&name=w");
  await hold("**/v1/digest*", "digest");
  await page.click("#digest button");
  await hold("**/v1/stats*", "stats");
  await page.fill("#t-shape", "5,5");
  await page.waitForSelector(".card.pending #histogram-about");
  assert.equal(await page.locator(".results").first().getAttribute("aria-busy"), "true");
  await until(page, () => /^[0-9a-f]{64}$/.test(document.getElementById("digest").textContent));
  while (!release.stats) await page.waitForTimeout(10);
  release.stats();
  release.digest();
  await settled(page);
  assert.equal(await page.locator(".pending").count(), 0);
  await page.waitForLoadState("networkidle");
  assert.equal(await text(page, "#digest"), (await get("/v1/digest?shape=5,5&name=w&format=npy")).sha256);
  await finish();
});

test("lines are copied where the browser has no clipboard: pages without HTTPS", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined }));
  await go("/?shape=8,8&name=w");
  await page.evaluate(() => document.addEventListener("copy", () => { globalThis.copied = String(getSelection()); }));
  await page.click("#copy");
  await until(page, () => globalThis.copied !== undefined);
  assert.equal(await page.evaluate(() => globalThis.copied), await page.locator("#snippet").textContent());
  assert.match(await text(page, "#copy"), /Copied/);
  await finish();
});

test("an error of a split is beside it, and can be mended there", async () => {
  const { page, finish, go, allowErrors } = await open(browser, server.url);
  allowErrors();
  for (const target of ["/?shape=8,8&name=w&shard=5:0/2", "/?shape=8,8&name=w&shard=0:1/2,3:0/4"]) {
    await go(target);
    const at = target.includes("5:") ? 0 : 1;
    assert.match(await text(page, `#t-split${at}-axis-error`), /axis [35] does not exist/);
    assert.equal(await page.locator("#tensor-problem").isVisible(), false);
    await page.selectOption(`#t-split${at}-axis`, "1");
    await settled(page);
    assert.equal(await page.locator("[aria-invalid]").count(), 0);
    assert.match(await text(page, "#digest"), /^[0-9a-f]{64}$/);
  }
  /* The shape that a split is of goes. */
  await page.selectOption("#t-scheme", "zeros");
  await settled(page);
  await page.fill("#t-shape", "8");
  await settled(page);
  assert.match(await text(page, "#t-split1-axis-error"), /axis 1 does not exist/);
  await finish();
});

test("ranks own what torch.chunk gives them", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await go("/?shape=10,16&name=w");
  await page.locator("#t-split0-count").fill("4");
  await page.locator("#t-split0-count").press("Tab");
  await settled(page);
  assert.match(page.url(), /shard=0:0\/4/);
  assert.equal(await page.locator(".part").count(), 4);
  await page.selectOption("#t-split0-index", "3");
  await settled(page);
  assert.match(await text(page, "#shards-about"), /\[9:10, 0:16\].*\(1, 16\)/);
  await page.locator("#t-split1-count").fill("2");
  await page.locator("#t-split1-count").press("Tab");
  await settled(page);
  assert.match(page.url(), /shard=0:3\/4,1:0\/2/);
  assert.equal(await page.locator(".part").count(), 8);
  await page.locator(".part").nth(1).click();
  await settled(page);
  assert.match(page.url(), /shard=0:0\/4,1:1\/2/);
  const plan = await get(`/v1/plan${new URL(page.url()).search}`);
  assert.match(await text(page, "#shards-about"), new RegExp(`\\(${plan.shape.join(", ")}\\)`));
  await finish();
});

/** Everything that a view shows, for comparison. */
const state = (page) => page.evaluate(() => [...document.querySelectorAll("main:not([hidden]) :is(input, select)")]
  .filter(({ type }) => type !== "radio").map(({ id, value }) => `${id}=${value}`)
  .concat(document.querySelector("main:not([hidden]) :is(#numbers, #said)").textContent));

test("Back, forward and reload keep the state", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await go("/");
  const seen = [await state(page)];
  /* Typed with a pause, which makes one entry of the history all the same. */
  await page.locator("#t-shape").selectText();
  await page.keyboard.type("333,4");
  await settled(page);
  await page.keyboard.type("4");
  await settled(page);
  await page.keyboard.press("Tab");
  await settled(page);
  seen.push(await state(page));
  await page.selectOption("#t-scheme", "xavier_uniform");
  await settled(page);
  await page.locator("#t-gain").fill("2.5");
  await settled(page);
  seen.push(await state(page));
  await page.reload();
  await settled(page);
  assert.deepEqual(await state(page), seen[2]);
  await page.click("#tab-why");
  await settled(page);
  await page.selectOption("#w-activation", "tanh");
  await settled(page);
  await page.click("#add-curve");
  await settled(page);
  await page.click("#tab-tensor");
  await settled(page);
  assert.deepEqual(await state(page), seen[2], "the tab leads to where one was");
  for (let i = 0; i < 4; i++) await page.goBack();
  await settled(page);
  assert.deepEqual(await state(page), seen[2]);
  await page.goBack();
  await page.goBack();
  await settled(page);
  assert.deepEqual(await state(page), seen[1]);
  await page.goBack();
  await settled(page);
  assert.deepEqual(await state(page), seen[0]);
  await page.goForward();
  await settled(page);
  assert.deepEqual(await state(page), seen[1]);
  await finish();
});

test("the other view keeps its state as well", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await go("/?view=why&depth=8&width=32");
  await page.selectOption("#w-activation", "tanh");
  await settled(page);
  await page.click("#add-curve");
  await settled(page);
  const seen = await state(page);
  await page.reload();
  await settled(page);
  assert.deepEqual(await state(page), seen);
  await finish();
});

test("a field that the page lacks is named", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await go("/?shape=8,8&name=w&slice=0:2,:");
  assert.match(await text(page, "#tensor-note"), /slice=0:2,:/);
  await finish();
});

test("links that were not made by the page", async () => {
  const { page, finish, go } = await open(browser, server.url);
  for (const view of ["constructor", "__proto__", "<b>"]) {
    await go(`/?view=${encodeURIComponent(view)}`);
    await settled(page);
    assert.equal(await page.locator("#tab-tensor").getAttribute("aria-current"), "page", view);
  }
  /* More ranks than fit into memory. */
  await go("/?shape=512,784&name=w&shard=0:0/100000000,1:0/8");
  await settled(page);
  assert.match(await text(page, "#shards"), /^800\s000\s000 ranks: too many/);
  await finish();
});

test("30 ReLU layers: what is drawn is what the service computes, and theory is near", async () => {
  const { page, finish, go, requests } = await open(browser, server.url);
  await go("/?view=why");
  assert.equal(requests.filter((url) => url.includes("/v1/propagation")).length, 3);
  const said = await text(page, "#said");
  assert.match(said, /normal std=0\.01 it shrinks/);
  assert.match(said, /xavier_normal mode=fan_in it shrinks 1\.4\d?-fold/);
  assert.match(said, /he_normal it keeps its size/);
  const curves = (await chart(page, "forward")).filter(({ label }) => label !== "");
  assert.deepEqual(curves.map(({ label }) => label), ["normal std=0.01", "xavier_normal mode=fan_in", "he_normal"]);
  const real = await get("/v1/propagation?scheme=he_normal&activation=relu&depth=30&width=256&batch=64&seed=1");
  real.runs[0].layers.forEach((layer, i) =>
    assert.ok(Math.abs(curves[2].y[i] ** 2 / layer.activation_second_moment - 1) < 1e-9, `layer ${i}`));
  await finish();
});

test("the sentences say what the numbers are", async () => {
  const { page, finish, go } = await open(browser, server.url);
  const said = async (query) => {
    await go(`/?view=why&${query}`);
    return text(page, "#said");
  };
  /* docs/WHY.md: gain 5/3 keeps activations, and multiplies the gradient's second moment by 1.21. */
  const tanh = await said("activation=tanh&curve=scheme%3Dxavier_normal%26gain%3D1.6666666666666667");
  assert.match(tanh, /Through 30 layers .* it keeps its size/);
  assert.match(tanh, /way back .* it grows 1\.\d+-fold a layer \(squared 1\.\d+, in theory 1\.21\)/);
  /* ReLU halves it with variance 1/n, however few the layers are. */
  assert.match(await said("depth=7&curve=scheme%3Dxavier_normal"), /shrinks 1\.\d+-fold a layer \(squared [12]\.\d+, in theory 2\)/);
  assert.match(await said("depth=1&curve=scheme%3Dnormal%26std%3D0.01"), /Through 1 layer the .* becomes 0\.11\./);
  assert.match(await said("depth=1000&width=4&batch=2&curve=scheme%3Dxavier_normal"), /becomes exactly 0\..*becomes exactly 0/s);
  assert.match(await said("activation=linear&depth=999&width=8&curve=scheme%3Dnormal%26std%3D10"), /becomes larger than any number/);
  await finish();
});

test("an empty field is what it shows, also after a reload", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await go("/?view=why&depth=3&width=16&curve=scheme%3Dhe_normal");
  await page.fill("#w-depth", "");
  await settled(page);
  assert.equal((await chart(page, "forward"))[0].y.length, Number(await page.getAttribute("#w-depth", "placeholder")));
  const seen = await text(page, "#said");
  await page.reload();
  await settled(page);
  assert.equal(await text(page, "#said"), seen);
  await finish();
});

test("theory's lines are near the service's mean over seeds", async () => {
  const { page, finish, go } = await open(browser, server.url);
  for (const stack of ["activation=relu&curve=scheme%3Dhe_normal", "activation=tanh&curve=scheme%3Dxavier_normal%26gain%3D1.6666666666666667",
    "activation=gelu&curve=scheme%3Dhe_normal", "activation=relu&residual=true&curve=scheme%3Dxavier_normal",
    "activation=selu&curve=scheme%3Dlecun_normal", "activation=leaky_relu&negative_slope=0.3&curve=scheme%3Dhe_normal"]) {
    await go(`/?view=why&depth=12&width=256&seed=1,2,3,4&${stack}`);
    for (const id of ["forward", "backward"]) {
      const drawn = await chart(page, id);
      const middle = drawn[0].y, limit = drawn.at(-1).y;
      assert.equal(drawn.length, 4, `${stack}: a curve, its band, theory`);
      middle.forEach((y, i) => assert.ok(Math.abs(Math.log(y / limit[i])) < 0.25, `${stack}, ${id}, layer ${i}: ${y}, theory ${limit[i]}`));
    }
  }
  await go("/?view=why&depth=5&width=64&curve=scheme%3Duniform&curve=scheme%3Dhe_normal&layer_norm=true");
  assert.equal((await chart(page, "forward")).length, 3, "uniform on [0, 1) has no theory, he_normal has");
  assert.equal((await chart(page, "backward")).length, 2, "none with layer norm backward");
  await finish();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 360]) {
    test(`${colorScheme}, ${width} pixels: readable, nothing beyond the edge, axe-core finds nothing serious`, async () => {
      const { page, finish, go, allowErrors } = await open(browser, server.url, { colorScheme, viewport: { width, height: 900 } });
      for (const [name, target] of [["tensor", "/?shape=512,784&scheme=he_normal&seed=42&name=fc1.weight&shard=0:3/8,1:0/2"],
        ["warned", "/?shape=512,784&scheme=normal&std=0"], ["wrong", "/?shape=8,8&scheme=normal"], ["why", "/?view=why&seed=1,2,3"],
        ["why-wrong", "/?view=why&depth=5"]]) {
        await go(target);
        if (name.endsWith("wrong")) {
          allowErrors();
          await page.fill("main:not([hidden]) :is(#t-std, #w-depth)", "-1");
          await settled(page);
          assert.equal(await page.locator("main:not([hidden]) .stale").count(), 1, name);
        }
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, name);
        /* Charts are painted with the next frame. */
        await until(page, () => [...document.querySelectorAll("main:not([hidden]) .plot canvas")].every((one) =>
          one.getContext("2d").getImageData(0, 0, one.width, one.height).data.some(Boolean)));
        await page.screenshot({ path: path.join(FOLDER, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        /* Not addScriptTag: the page's policy forbids it, rightly. */
        await page.evaluate(fs.readFileSync(AXE, "utf8"));
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
        assert.ok(passes.length > 10);
        assert.deepEqual(violations.filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), [], name);
      }
      await finish();
    });
  }
}

test("colours follow the system while the page is shown", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await go("/");
  const colour = () => page.evaluate(() => globalThis.Chart.getChart("histogram").data.datasets[0].backgroundColor);
  const light = await colour();
  await page.emulateMedia({ colorScheme: "dark" });
  /* The page hears of it in its own time. */
  for (let i = 0; i < 100 && await colour() === light; i++) await page.waitForTimeout(100);
  assert.notEqual(await colour(), light);
  await finish();
});

test("it can be used by keyboard alone", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await go("/");
  const reached = new Set();
  for (let i = 0; i < 60 && !reached.has("copy"); i++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.id));
  }
  for (const id of ["tab-why", "t-shape", "t-scheme", "t-gain", "t-split0-count", "download", "copy"])
    assert.ok(reached.has(id), `${id} by the Tab key; reached ${[...reached].join(" ")}`);
  await page.focus("#tab-why");
  await page.keyboard.press("Enter");
  await settled(page);
  assert.equal(await page.locator("#tab-why").getAttribute("aria-current"), "page");
  assert.ok(await page.locator("#view-why").isVisible());
  await finish();
});

test("below a base path, with and without its last slash", async () => {
  const other = await daemon("--base-path", "/ml/tensors");
  const { page, finish, go } = await open(browser, other.url);
  for (const target of ["/ml/tensors", "/ml/tensors/", "/ml/tensors/?shape=4,4&name=w"]) {
    await go(target);
    assert.match(await page.locator("#snippet").textContent(), /\/ml\/tensors\/v1\/tensor\?shape=/);
    assert.match(await page.locator("#download").getAttribute("href"), /\/ml\/tensors\/v1\/tensor\?/);
  }
  await finish();
  await other.stop();
});

test("with tokens: the page asks for one", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "page-"));
  const token = "page-test-token-0123456789abcdef";
  fs.writeFileSync(path.join(folder, "tokens"), `tester = ${token}\n`, { mode: 0o600 });
  const other = await daemon("--token-file", path.join(folder, "tokens"));
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${other.url}/?shape=4,4&name=w`);
  await page.waitForSelector("#token", { state: "visible" });
  await page.fill("#token", token);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#numbers dd");
  await settled(page);
  assert.equal(await page.locator("#access").isVisible(), false);
  assert.match(await text(page, "#digest"), /^[0-9a-f]{64}$/);
  /* The lines and the download have it as well. */
  const digest = await text(page, "#digest");
  for (const language of ["curl", "python", "javascript", "c", "command"]) {
    await page.check(`#languages input[value=${language}]`);
    const lines = await page.locator("#snippet").textContent();
    assert.ok(!lines.includes(token), "the token itself is in no line");
    assert.equal(run(language, lines, folder, { TENSORINIT_TOKEN: token }), digest, `${language}:\n${lines}`);
  }
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  assert.equal(download.suggestedFilename(), "w.npy");
  assert.equal(sha256(fs.readFileSync(await download.path())), digest);
  await context.close();
  await other.stop();
  fs.rmSync(folder, { recursive: true });
});

test("models: the tensors of one as a table, with links", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "page-"));
  fs.mkdirSync(path.join(folder, "tiny"));
  fs.writeFileSync(path.join(folder, "tiny", "manifest.json"), JSON.stringify({ seed: 7,
    tensors: { "wte.weight": [300, 16], "h.0.attn.weight": [64, 32] },
    rules: [["wte.*", "scheme=normal&std=0.02"], ["*", "scheme=he_normal"]] }));
  const other = await daemon("--models", folder);
  const { page, finish, go, allowErrors } = await open(browser, other.url);
  await go("/?view=models");
  await settled(page);
  assert.match(await text(page, "#models-about"), /2 tensors/);
  const file = await (await fetch(await page.locator("#models-files a").first().getAttribute("href"))).arrayBuffer();
  assert.match(Buffer.from(file).subarray(8, 200).toString(), /h\.0\.attn\.weight/);
  await page.locator("#m-find").fill("attn");
  await settled(page);
  assert.deepEqual(await page.$$eval("#models-table tbody tr", (rows) => rows.map((one) => one.textContent)),
    ["h.0.attn.weight64 × 32f32he_normal0.258 KiBmodel.safetensors"]);
  await page.click("#models-table a");
  await settled(page);
  assert.equal(await page.locator("#t-name").inputValue(), "h.0.attn.weight");
  assert.equal((await numbers(page)).std, "0.25");
  await page.goBack();
  await settled(page);
  assert.equal(await page.locator("#m-find").inputValue(), "attn");
  /* An error is gone once it is right. */
  await go("/?view=models&model=tiny");
  allowErrors();
  await page.route("**/v1/models/*", (one) => one.fulfill({ status: 400,
    contentType: "application/problem+json", body: JSON.stringify({ detail: "not now" }) }), { times: 1 });
  await page.$eval("#m-model", (one) => one.append(new Option("other")));
  await page.selectOption("#m-model", "other");
  await settled(page);
  assert.match(await text(page, "#models-problem"), /not now/);
  await page.selectOption("#m-model", "tiny");
  await settled(page);
  assert.equal(await page.locator("#models-problem").isVisible(), false);
  await page.evaluate(fs.readFileSync(AXE, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id), []);
  /* A model that is not in the list: one in its own URL, or none at all. */
  const sent = await (await fetch(`${other.url}/v1/models`, { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ tensors: { a: [2], b: [3] }, rules: [["*", "scheme=ones"]] }) })).json();
  await go(`/?view=models&model=${sent.name}`);
  await settled(page);
  assert.match(await text(page, "#models-about"), /5 parameters in 2 tensors/);
  allowErrors();
  await go("/?view=models&model=../schemes");
  await settled(page);
  assert.match(await text(page, "#models-problem"), /no model of that name/);
  await finish();
  await other.stop();
  fs.rmSync(folder, { recursive: true });
});

test("models: GPT-2 as it is installed, its numbers and its links", async () => {
  const other = await daemon("--models", path.join(ROOT, "deploy/models"));
  const { page, finish, go } = await open(browser, other.url);
  await go("/?view=models&model=gpt2");
  /* As published: 124,439,808 parameters, 4 bytes each; a layer has 12 tensors. */
  assert.match((await text(page, "#models-about")).replace(/(?<=\d)\s(?=\d)/g, ""),
    /^124439808 parameters in 148 tensors, 474\.7 MiB\./);
  const rows = await page.$$eval("#models-table tbody tr", (all) => all.map((row) =>
    [...row.children].map((cell) => cell.textContent)));
  assert.equal(rows.length, 148);
  const shown = new Map(rows.map((row) => [row[0], row.slice(1, 6)]));
  /* _init_weights: std 0.02, of residual projections divided by sqrt(2 layers). */
  assert.deepEqual(shown.get("wte.weight"), ["50257 × 768", "f32", "normal", "0.02", "147.2 MiB"]);
  assert.deepEqual(shown.get("h.11.mlp.c_fc.weight"), ["768 × 3072", "f32", "normal", "0.02", "9 MiB"]);
  assert.deepEqual(shown.get("h.0.attn.c_proj.weight").slice(0, 3), ["768 × 768", "f32", "gpt2_residual"]);
  assert.ok(Math.abs(shown.get("h.0.attn.c_proj.weight")[3] / (0.02 / Math.sqrt(24)) - 1) < 1e-3);
  assert.deepEqual(shown.get("ln_f.weight").slice(2, 4), ["ones", "0"]);
  /* The link of the file: its header has the tensors of the table, and its length is right. */
  const link = await page.locator("#models-files a").first().getAttribute("href");
  const range = async (first, last) => {
    const response = await fetch(link, { headers: { Range: `bytes=${first}-${last}` } });
    assert.equal(response.status, 206);
    return [Buffer.from(await response.arrayBuffer()), response.headers.get("content-range")];
  };
  const [length, of] = await range(0, 7);
  const begin = 8 + Number(length.readBigUInt64LE());
  assert.equal(of, `bytes 0-7/${begin + 4 * 124439808}`);
  const header = JSON.parse((await range(8, begin - 1))[0]);
  assert.deepEqual(Object.keys(header).filter((name) => name !== "__metadata__").sort(), [...shown.keys()].sort());
  /* The link of a tensor: its view has the bytes that the file has. */
  for (const name of ["h.7.attn.c_proj.weight", "wpe.weight", "ln_f.bias"]) {
    await go(`/?view=models&model=gpt2&find=${name}`);
    assert.equal(await page.locator("#models-table tbody tr").count(), 1, name);
    await page.click("#models-table tbody a");
    await settled(page);
    assert.equal(await page.locator("#t-name").inputValue(), name);
    assert.equal(await page.locator("#tensor-problem").isVisible(), false, name);
    const target = new URL(page.url()).searchParams;
    target.set("format", "raw");
    const tensor = Buffer.from(await (await fetch(`${other.url}/v1/tensor?${target}`)).arrayBuffer());
    const [first, end] = header[name].data_offsets;
    assert.equal(sha256(tensor), sha256((await range(begin + first, begin + end - 1))[0]), name);
  }
  await finish();
  await other.stop();
});

test("few requests before the first paint, few bytes in all", async () => {
  const { page, finish, go } = await open(browser, server.url);
  await go("/");
  const blocking = await page.evaluate(() => performance.getEntriesByType("resource")
    .filter(({ renderBlockingStatus }) => renderBlockingStatus === "blocking").map(({ name }) => name));
  assert.ok(blocking.length + 1 <= 5, blocking.join(" "));
  const fetched = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  const files = [...new Set(fetched.filter((name) => name.includes("/page/")))];
  assert.ok(files.some((name) => name.endsWith("chart.min.js")));
  let total = 0;
  for (const url of [`${server.url}/`, ...files]) {
    for (const coding of ["gzip", "identity"]) {
      const response = await fetch(url, { headers: { Accept: "text/html", "Accept-Encoding": coding } });
      assert.equal(response.headers.get("content-encoding"), coding === "gzip" ? "gzip" : null, url);
      total += Number(response.headers.get("content-length"));
    }
  }
  assert.ok(total < 400e3, `${total} bytes in the binary`);
  await finish();
});
