// SPDX-License-Identifier: MIT
// The view of one tensor: a form for its request, and what the service says of it.

import { density } from "./density.js";
import { byId, bytes, counted, element, integer, settle, short, table } from "./elements.js";
import { clearErrors, field, setValue, showError, showProblem, words } from "./form.js";
import { clear, curveColour, plot, heatMap } from "./plots.js";
import { EXAMPLES, SHAPES } from "./scheme_examples.js";
import { base, getJson, getSchemes, hasToken, query, url } from "./service.js";
import { parseShard, ranges, shardPicture } from "./shards.js";
import { LANGUAGES, fileName, lines } from "./snippets.js";
import { editingEnds, remember } from "./state.js";

const FIRST = [["shape", "512,784"], ["scheme", "he_normal"], ["seed", "42"],
  ["name", "fc1.weight"], ["dtype", "f32"], ["format", "npy"]];
const OWN = FIRST.map(([name]) => name);
/* About the file or a part, which the page shows otherwise; the rest of the scheme's. */
const ELSEWHERE = new Set([...OWN, "spec", "permute", "slice", "shard", "json", "metadata"]);
const FANS = new Set(["layout", "groups", "transposed", "fan_in", "fan_out", "in_axis", "out_axis",
  "batch_axis", "input_axes", "output_axes"]);

const STATS_MAX = 2 ** 24; // values that are counted without being asked to
const DIGEST_MAX = 2 ** 28; // bytes likewise
const CORNER = { rows: 48, columns: 64 };

const form = byId("tensor-form");
const results = document.querySelector("#view-tensor .results");
let document_; // /v1/schemes
let running = new AbortController();
let shown; // what the lines to copy are about

const schemeOf = (name) => document_.schemes.find((scheme) =>
  scheme.name === name || scheme.aliases.includes(name));

function optionsOf(name) {
  return words(document_.parameters.find((row) => row.name === name).accepts);
}

function ownFields() {
  const hints = new Map(document_.parameters.map((row) => [row.name, row.meaning]));
  const schemes = document_.schemes.map(({ name }) => name);
  byId("tensor-fields").replaceChildren(
    field("t", { name: "shape", label: "Shape", hint: hints.get("shape"), placeholder: "512,784" }),
    field("t", { name: "scheme", label: "Scheme", options: schemes }),
    field("t", { name: "seed", label: "Seed" }),
    field("t", { name: "name", label: "Tensor name", hint: "its own stream of random numbers" }),
    field("t", { name: "dtype", label: "Dtype", options: optionsOf("dtype") }),
    field("t", { name: "format", label: "File format", options: optionsOf("format") }));
}

/** The scheme's own parameters, with what they are if not given; none of one that does not exist. */
function schemeFields(scheme) {
  const made = { own: [], fans: [] };
  if (!scheme) {
    for (const id of ["scheme-fields", "fan-fields", "scheme-about"]) byId(id).replaceChildren();
    byId("fan-details").hidden = true;
    return;
  }
  for (const name of scheme.parameters.filter((name) => !ELSEWHERE.has(name))) {
    const row = document_.parameters.find((parameter) => parameter.name === name);
    const fallback = scheme.defaults[name] ?? row.default;
    const options = optionsOf(name);
    (FANS.has(name) ? made.fans : made.own).push(field("t", {
      name, label: name, hint: row.meaning, options: options?.includes("1") ? ["true", "false"] : options,
      empty: options ? `default: ${fallback}` : undefined,
      placeholder: fallback === "required" ? "required" : `default: ${fallback}`,
    }));
  }
  byId("scheme-fields").replaceChildren(...made.own);
  byId("fan-fields").replaceChildren(...made.fans);
  byId("fan-details").hidden = made.fans.length === 0;
  byId("scheme-about").replaceChildren(
    element("code", {}, scheme.name), `: ${scheme.formula.replace(/\+-/g, "±")}. `,
    element("span", { class: "suits" }, `Suits ${scheme.suits}.`),
    ...(scheme.source ? [element("span", { class: "source" }, ` ${scheme.source}.`)] : []));
}

/** The parameters of the request, as the form has them; empty ones are left out. */
function parameters() {
  const made = new Map();
  for (const control of form.elements) {
    if (!control.name) continue;
    if (control.value !== "" || control.name === "shape") made.set(control.name, control.value.trim());
  }
  const shard = shardText();
  if (shard) made.set("shard", shard);
  return made;
}

/* The splits --------------------------------------------------------------------------- */

let splits = [];

const shardText = () => splits.map(({ axis, index, count }) => `${axis}:${index}/${count}`).join(",");

/** Fields for the splits, and for one more; 'count' 1 is none. */
function shardFields(shape) {
  const axes = shape.map((size, axis) => [String(axis), `${axis} (of ${integer(size)})`]);
  const listed = [0, 1].slice(0, splits.length + 1).map((i) =>
    splits[i] ?? { axis: Math.min(i, axes.length - 1), index: 0, count: 1 });
  const focused = document.activeElement?.id;
  byId("shard-fields").replaceChildren(...listed.flatMap(({ count }, i) => {
    const ranks = Array.from({ length: Math.min(count, 1024) }, (_, index) => [String(index), `${index} of ${count}`]);
    return [field("t", { name: `split${i}-axis`, label: `${i === 0 ? "Split" : "then"} axis`, options: axes }),
      field("t", { name: `split${i}-count`, label: "parts", type: "number", mode: "numeric" }),
      field("t", { name: `split${i}-index`, label: "this rank", options: ranks })];
  }));
  listed.forEach((split, i) => {
    for (const part of ["axis", "count", "index"]) setValue(byId(`t-split${i}-${part}`), String(split[part]));
    byId(`t-split${i}-count`).setAttribute("min", "1");
  });
  if (focused) byId(focused)?.focus();
}

function readSplits() {
  const made = [];
  for (let i = 0; byId(`t-split${i}-count`); i++) {
    const count = Math.floor(Number(byId(`t-split${i}-count`).value));
    if (!(count > 1)) break;
    const axis = Number(byId(`t-split${i}-axis`).value);
    made.push({ axis, count, index: Math.min(Number(byId(`t-split${i}-index`).value), count - 1) });
  }
  splits = made;
}

/** An error of shard=, beside the split that it is about; its fields may not have been made. */
function showShardError(error) {
  const shape = (form.elements.namedItem("shape").value).split(",").map((text) => text.trim());
  shardFields(shape.every((text) => /^\d+$/.test(text)) ? shape : []);
  const wrong = splits.findIndex(({ axis }) => axis >= shape.length);
  showError(byId(`t-split${Math.min(Math.max(wrong, 0), 1)}-axis`), error.message);
}

function showShards(plan) {
  const shape = plan.full_shape;
  byId("shards").replaceChildren(shardPicture(shape, splits, (list) => {
    splits = list;
    editingEnds();
    changed(null);
  }));
  const owned = ranges(shape, splits);
  byId("shards-about").textContent = splits.length === 0 ? "" :
    `This rank owns [${owned.map(([from, to]) => `${from}:${to}`).join(", ")}]: shape ` +
    `(${plan.shape.join(", ")}), ${bytes(plan.bytes)} of it. The fans stay those of the whole tensor.`;
}

/* What the service says ------------------------------------------------------------------ */

function showNumbers(plan) {
  const rows = [];
  const add = (name, value, title) => rows.push(element("div", { class: name === "bounds" || name === "stream" ? "full" : null },
    element("dt", {}, name), element("dd", { title: title ?? null }, value)));
  if (plan.fan_in !== undefined) add("fan in", integer(plan.fan_in));
  if (plan.fan_out !== undefined) add("fan out", integer(plan.fan_out));
  if (plan.std !== undefined) add("std", short(plan.std), plan.std);
  if (plan.mean) add("mean", short(plan.mean), plan.mean);
  if (plan.sigma !== undefined && plan.sigma !== plan.std)
    add("sigma before truncation", short(plan.sigma), plan.sigma);
  if (plan.low !== undefined || plan.high !== undefined)
    add("bounds", `${plan.low === undefined ? "−∞" : short(plan.low)} … ${plan.high === undefined ? "∞" : short(plan.high)}`,
      `${plan.low} ${plan.high}`);
  else add("bounds", "none");
  add("elements", integer(plan.elems));
  add("size", bytes(plan.bytes), `${plan.bytes} bytes`);
  add("distribution", plan.distribution.replace(/_/g, " "));
  add("stream", plan.stream);
  byId("numbers").replaceChildren(...rows);
  byId("warnings").replaceChildren(...plan.warnings.map(({ field: name, text }) =>
    element("li", {}, element("strong", {}, name), ` ${text}`)));
}

/** A part small enough for statistics: the first rows. */
function forStatistics(params, plan) {
  if (Number(plan.elems) <= STATS_MAX) return [params, ""];
  const [from, to] = ranges(plan.full_shape, splits)[0];
  const row = Number(plan.elems) / Math.max(to - from, 1);
  const rows = Math.max(1, Math.floor(STATS_MAX / row));
  if (row > STATS_MAX) return [null, ""];
  const part = new Map(params);
  part.delete("shard");
  part.set("slice", [[from, from + rows], ...ranges(plan.full_shape, splits).slice(1)]
    .map((range) => range.join(":")).join(","));
  return [part, `of its first ${counted(rows, "row")}`];
}

async function showHistogram(params, plan, signal) {
  const canvas = byId("histogram"), about = byId("histogram-about");
  const [part, which] = forStatistics(params, plan);
  if (!part || Number(plan.elems) === 0) {
    noHistogram();
    about.textContent = part ? "It has no values." : "Too large for a histogram.";
    return;
  }
  const stats = await getJson("v1/stats", withoutFile(part), signal);
  const { histogram, histogram_low: low, histogram_high: high } = stats;
  const width = (high - low) / histogram.length;
  const bars = histogram.map((count, i) => ({ x: low + (i + 0.5) * width, y: count / stats.count / width }));
  const exact = density(plan);
  const line = exact ? Array.from({ length: 257 }, (_, i) => {
    const x = low + (high - low) * Math.min(Math.max(i / 256, 1e-9), 1 - 1e-9);
    return { x, y: exact(x) };
  }) : [];
  about.textContent = `${counted(stats.count, "value")}${which ? ` (${which})` : ""}: mean ${short(stats.mean, 3)}, std ` +
    `${short(stats.std, 4)}${stats.promised_std === undefined ? "" : ` (promised ${short(stats.promised_std, 4)})`}, from ` +
    `${short(stats.min, 4)} to ${short(stats.max, 4)}.` +
    (stats.ks === undefined ? "" : ` Largest distance from the exact distribution: ${short(stats.ks, 2)}.`);
  plot(canvas, {
    type: "bar",
    data: { datasets: [
      { label: "values", data: bars, backgroundColor: curveColour(0), barPercentage: 1, categoryPercentage: 1, order: 2, grouped: false },
      ...(exact ? [{ type: "line", label: "exact density", data: line, borderColor: curveColour(1), borderWidth: 2,
        pointRadius: 0, pointHitRadius: 0, order: 1 }] : []),
    ] },
    x: { type: "linear", min: low, max: high, offset: false, grid: { display: false }, ticks: { maxTicksLimit: 7, callback: (x) => short(x, 3) } },
    y: { beginAtZero: true, ticks: { maxTicksLimit: 5, callback: (y) => short(y, 3) }, text: "density" },
    legend: {},
    tooltip: { filter: ({ datasetIndex }) => datasetIndex === 0, callbacks: {
      title: ([item]) => (item ? `${short(item.parsed.x - width / 2, 4)} to ${short(item.parsed.x + width / 2, 4)}` : ""),
      label: (item) => counted(histogram[item.dataIndex], "value"),
    } },
  }, `Histogram. ${about.textContent}`);
  byId("histogram-table").replaceChildren(table("Values by size", ["from", "to", "values", "share", ...(exact ? ["density there", "exact density"] : [])],
    histogram.map((count, i) => [short(low + i * width, 5), short(low + (i + 1) * width, 5), integer(count),
      `${short(100 * count / stats.count, 3)} %`, ...(exact ? [short(bars[i].y, 4), short(exact(bars[i].x), 4)] : [])])));
}

/** slice= of a corner of this rank's part: rows along axis 0, all else as columns. */
function cornerSlice(shape) {
  const owned = ranges(shape, splits);
  if (owned.length === 0) return { rows: 1, columns: 1 };
  const flat = owned.length === 1;
  let left = flat ? CORNER.rows * CORNER.columns : CORNER.columns;
  const taken = owned.map(() => 1);
  for (let axis = owned.length - 1; axis >= (flat ? 0 : 1); axis--) {
    taken[axis] = Math.min(owned[axis][1] - owned[axis][0], Math.max(left, 1));
    left = Math.floor(left / Math.max(taken[axis], 1));
  }
  if (!flat) taken[0] = Math.min(owned[0][1] - owned[0][0], CORNER.rows);
  const slice = owned.map(([from], axis) => `${from}:${from + taken[axis]}`).join(",");
  const columns = flat ? Math.min(taken[0], CORNER.columns) : taken.slice(1).reduce((a, b) => a * b, 1);
  return { slice, rows: flat ? Math.ceil(taken[0] / Math.max(columns, 1)) : taken[0], columns };
}

async function showCorner(params, plan, signal) {
  const part = withoutFile(params);
  const { slice, rows, columns } = cornerSlice(plan.full_shape);
  part.delete("shard");
  if (slice) part.set("slice", slice);
  part.set("format", "json");
  part.set("json", "flat");
  const values = await getJson("v1/tensor", part, signal);
  const numbers = values.map((value) => (value === true ? 1 : Number(value)));
  const cells = Array.from({ length: columns > 0 ? rows : 0 }, (_, r) => numbers.slice(r * columns, (r + 1) * columns));
  const large = Math.max(...numbers.map(Math.abs), 0);
  const scale = plan.sigma > 0 && plan.bound === undefined ? 3 * plan.sigma : large;
  byId("corner-about").textContent = `The first ${counted(rows, "row")} and ${counted(columns, "column")}` +
    (plan.full_shape.length > 2 ? " (all axes but the first, flattened)" : "") +
    (splits.length > 0 ? " of this rank’s part." : ".");
  heatMap(byId("corner"), cells, scale, `Heat map of ${rows} by ${columns} values between ${short(-scale, 3)} and ${short(scale, 3)}; the first values are below as numbers.`);
  byId("corner-scale").replaceChildren(element("span", {}, short(-scale, 3)), element("span", { class: "ramp" }),
    element("span", {}, short(scale, 3)));
  byId("values").replaceChildren(...values.slice(0, 12).map((value) => element("span", {}, String(value))),
    ...(Number(plan.elems) > 12 ? [element("span", {}, "…")] : []));
}

function withoutFile(params) {
  const made = new Map(params);
  made.delete("format");
  return made;
}

async function showDigest(params, plan, signal) {
  const place = byId("digest");
  if (Number(plan.bytes) > DIGEST_MAX) {
    const button = element("button", { type: "button" }, "compute it");
    button.addEventListener("click", async () => {
      place.textContent = "…";
      const text = await getJson("v1/digest", params, signal).then(({ sha256 }) => sha256, (error) => error.message);
      if (!signal.aborted) place.textContent = text; // otherwise that of a tensor shown before
    });
    place.replaceChildren(button);
    return;
  }
  const { sha256 } = await getJson("v1/digest", params, signal);
  place.textContent = sha256;
}

function showLines() {
  if (!shown) return;
  const language = document.querySelector('input[name="language"]:checked').value;
  byId("snippet").textContent = lines(language, shown);
}

function prepareLines(params, plan) {
  const format = params.get("format") ?? "raw";
  const file = fileName(params.get("name") ?? "", format);
  shown = { server: base.href, query: query(params), parameters: params, file, format, token: hasToken() };
  byId("download").href = url("v1/tensor", params);
  byId("download").download = file;
  byId("download").textContent = `Download ${file} (${bytes(plan.bytes)})`;
  showLines();
}

/* The order of things -------------------------------------------------------------------- */

const isLate = (error) => error.name === "AbortError";

/** A section is dim until it shows this request; what cannot be shown leaves it empty, but for the reason. */
async function part(about, made, forget) {
  const card = byId(about).closest(".card");
  card.classList.add("pending");
  try {
    await made;
  } catch (error) {
    if (isLate(error)) return;
    forget();
    byId(about).textContent = error.message;
  }
  card.classList.remove("pending");
}

function noHistogram() {
  clear(byId("histogram"), "No histogram");
  byId("histogram-table").replaceChildren();
}

function noCorner() {
  heatMap(byId("corner"), [], 0, "No heat map");
  for (const id of ["corner-scale", "values"]) byId(id).replaceChildren();
}

function showFailure(error) {
  for (const card of results.querySelectorAll(".pending")) card.classList.remove("pending");
  clearErrors(form);
  clearErrors(byId("shard-fields"));
  byId("tensor-problem").hidden = true;
  if (error.field === "shard") showShardError(error);
  else showProblem(byId("tensor-problem"), form, error);
}

async function update(wasChosen) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  results.setAttribute("aria-busy", "true");
  let params = parameters(), plan;
  try {
    plan = await getJson("v1/plan", params, signal);
  } catch (error) {
    if (isLate(error)) return;
    const shape = SHAPES[params.get("scheme")] ?? FIRST[0][1];
    if (wasChosen && error.field === "shape" && params.get("shape") !== shape) {
      form.elements.namedItem("shape").value = shape;
      splits = [];
      byId("tensor-note").textContent = `${params.get("scheme")} does not take the shape ${params.get("shape")}: here is ${shape}.`;
      remember(query(parameters()), null);
      await update(false);
      return;
    }
    showFailure(error);
    results.classList.add("stale");
    results.setAttribute("aria-busy", "false");
    return;
  }
  clearErrors(form);
  clearErrors(byId("shard-fields"));
  byId("tensor-problem").hidden = true;
  results.classList.remove("stale");
  showNumbers(plan);
  shardFields(plan.full_shape);
  showShards(plan);
  prepareLines(params, plan);
  byId("digest").textContent = "…";
  await Promise.all([
    part("histogram-about", showHistogram(params, plan, signal), noHistogram),
    part("corner-about", showCorner(params, plan, signal), noCorner),
    part("digest", showDigest(params, plan, signal), () => {}),
  ]);
  if (!signal.aborted) results.setAttribute("aria-busy", "false");
}

function changed(name, wasChosen = false) {
  remember(query(parameters()), name);
  update(wasChosen);
}

/** Another scheme: what it does not take goes, what it needs comes. */
function choose() {
  const scheme = schemeOf(form.elements.namedItem("scheme").value);
  const before = parameters();
  schemeFields(scheme);
  const wanted = { ...EXAMPLES[scheme.name] };
  for (const name of scheme.parameters) {
    if (before.has(name) && FANS.has(name)) wanted[name] = before.get(name);
  }
  for (const [name, value] of Object.entries(wanted)) {
    const control = form.elements.namedItem(name);
    if (control) control.value = value;
  }
  byId("tensor-note").textContent = "";
  changed("scheme", true);
}

/** Copies the text of an element; if nothing else is allowed, it is selected. */
async function copied(place) {
  /* Pages without HTTPS have no clipboard, but on localhost. */
  if (await navigator.clipboard?.writeText(place.textContent).then(() => true, () => false)) return true;
  getSelection().selectAllChildren(place);
  return document.execCommand("copy");
}

const typed = settle(200, (name) => changed(name));

function listen() {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    if (target.name === "scheme") {
      choose();
      return;
    }
    results.setAttribute("aria-busy", "true");
    typed(target.name);
  });
  form.addEventListener("change", editingEnds);
  byId("shard-fields").addEventListener("change", () => {
    readSplits();
    editingEnds();
    changed(null);
  });
  byId("languages").append(...LANGUAGES.map(([value, label], i) => element("label", {},
    element("input", { type: "radio", name: "language", value, checked: i === 0 }), element("span", {}, label))));
  byId("languages").addEventListener("change", showLines);
  byId("copy").addEventListener("click", async () => {
    byId("copy").textContent = await copied(byId("snippet")) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { byId("copy").textContent = "Copy"; }, 1500);
  });
}

/**
 * The same request, and its scheme by one of the names that the page has: a framework's name is a
 * scheme with parameters, which the service knows. A note says what it is.
 */
async function translated(params) {
  if (schemeOf(params.get("scheme"))) return [params, ""];
  const requested = withoutFile(params);
  requested.delete("shard");
  requested.delete("view");
  const plan = await getJson("v1/plan", requested);
  const made = new Map(new URLSearchParams(plan.query));
  for (const name of ["format", "shard", "seed", "name"]) if (params.has(name)) made.set(name, params.get(name));
  const means = [...made].filter(([name]) => !OWN.includes(name) && name !== "shard").map((pair) => pair.join("="));
  return [made, `${params.get("scheme")} is ${[plan.scheme, ...means].join(" ")} here: the same bytes. `];
}

/** Shows what a query says; what it does not say is as in the first example. */
export async function show(search) {
  if (!document_) {
    document_ = await getSchemes();
    ownFields();
    listen();
  }
  const like = SHAPES[search.get("scheme")];
  let given = new Map([...FIRST.filter(([name]) => !search.has("shape") || ["dtype", "format", "scheme"].includes(name)),
    ...(like ? [["shape", like]] : []), ...search]);
  let note = "", failure = null;
  try {
    [given, note] = await translated(given);
  } catch (error) {
    failure = error;
  }
  const named = schemeOf(given.get("scheme"));
  if (named) given.set("scheme", named.name);
  if (!given.has("dtype")) given.set("dtype", "f32");
  schemeFields(named);
  for (const control of form.elements) if (control.name) setValue(control, given.get(control.name) ?? "");
  splits = parseShard(given.get("shard")) ?? [];
  const left = [...given].filter(([name]) => name !== "shard" && name !== "view" && !form.elements.namedItem(name))
    .map((pair) => pair.join("="));
  if (given.get("shard") && splits.length === 0) left.push(`shard=${given.get("shard")}`);
  byId("tensor-note").textContent = failure ? "" :
    note + (left.length === 0 ? "" : `This page has no field for ${left.join(", ")}; it is left out.`);
  if (!failure) return update(false);
  running.abort();
  showFailure(failure);
  results.classList.add("stale");
  results.setAttribute("aria-busy", "false");
}

/** Draws again, in other colours. */
export const redraw = () => update(false);
