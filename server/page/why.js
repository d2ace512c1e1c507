// SPDX-License-Identifier: MIT
// The view of a deep stack: what schemes do to activations and gradients, side by side.

import { byId, counted, element, settle, short, table } from "./elements.js";
import { clearErrors, field, setValue, showProblem } from "./form.js";
import { curveColour, plot } from "./plots.js";
import { getJson, getSchemes, query } from "./service.js";
import { editingEnds, remember } from "./state.js";
import { theory } from "./theory.js";

const FIRST = [["activation", "relu"], ["depth", "30"], ["width", "256"], ["batch", "64"], ["seed", "1"],
  ["residual", "false"], ["layer_norm", "false"]];
const FALLBACK = new Map(FIRST); // of a field that is empty
const FIRST_CURVES = ["scheme=normal&std=0.01", "scheme=xavier_normal&mode=fan_in", "scheme=he_normal"];
const ACTIVATIONS = ["linear", "relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "selu", "elu"];
const MAX_CURVES = 4;
const POINTS = ["circle", "rect", "triangle", "rectRot"];

const form = byId("why-form");
const results = document.querySelector("#view-why .results");
let schemes; // names
let running = new AbortController();

function fields() {
  const yes = ["false", "true"];
  byId("why-fields").replaceChildren(
    field("w", { name: "activation", label: "Activation", options: ACTIVATIONS }),
    field("w", { name: "negative_slope", label: "Slope below 0", hint: "of leaky_relu", placeholder: "default: 0.01" }),
    field("w", { name: "depth", label: "Depth", hint: "layers, up to 1000", placeholder: FALLBACK.get("depth") }),
    field("w", { name: "width", label: "Width", hint: "units a layer, up to 4096", placeholder: FALLBACK.get("width") }),
    field("w", { name: "batch", label: "Batch", hint: "input samples", placeholder: FALLBACK.get("batch") }),
    field("w", { name: "seed", label: "Seeds", hint: "1,2,3 shows how far they scatter", placeholder: FALLBACK.get("seed") }),
    field("w", { name: "residual", label: "Residual", options: yes, hint: "add the input of each layer" }),
    field("w", { name: "layer_norm", label: "Layer norm", options: yes, hint: "before each layer" }));
}

/** A row of the form for one curve: scheme=NAME&parameter=value. */
function curveRow(text, index) {
  const given = new URLSearchParams(text);
  const name = given.get("scheme") ?? "he_normal";
  given.delete("scheme");
  const choice = field("w", { name: `scheme${index}`, label: `Scheme ${index + 1}`, options: schemes });
  setValue(choice.querySelector("select"), name);
  const rest = field("w", { name: `parameters${index}`, label: "Its parameters", placeholder: "std=0.01" });
  rest.querySelector("input").value = query(given).replace(/&/g, " ");
  const away = element("button", { type: "button", class: "away", "aria-label": `Remove scheme ${index + 1}` }, "×");
  away.addEventListener("click", () => {
    const left = curves().filter((_, i) => i !== index);
    setCurves(left);
    editingEnds();
    changed(null);
    byId("add-curve").focus();
  });
  const row = element("div", { class: "curve" }, element("span", { class: `key key-${index + 1}`, "aria-hidden": "true" }), choice, rest, away);
  away.hidden = index === 0;
  return row;
}

function setCurves(list) {
  byId("curves").replaceChildren(...list.map(curveRow));
  byId("add-curve").hidden = list.length >= MAX_CURVES;
}

function curves() {
  const made = [];
  for (let i = 0; byId(`w-scheme${i}`); i++) {
    const given = byId(`w-parameters${i}`).value.trim().split(/[\s&]+/).filter(Boolean);
    made.push([`scheme=${byId(`w-scheme${i}`).value}`, ...given].join("&"));
  }
  return made;
}

function stack() {
  return new Map([...FALLBACK.keys(), "negative_slope"]
    .map((name) => [name, form.elements.namedItem(name).value.trim() || (FALLBACK.get(name) ?? "")])
    .filter(([name, value]) => value !== "" &&
      (name !== "negative_slope" || form.elements.namedItem("activation").value === "leaky_relu")));
}

const state = () => query([["view", "why"], ...stack(), ...curves().map((text) => ["curve", text])]);

/* What is seen --------------------------------------------------------------------------- */

const rms = (layer, name) => Math.sqrt(layer[`${name}_second_moment`] ?? Infinity);

/** Geometric mean, least and largest over the seeds; numbers too large or 0 are left out. */
function overSeeds(runs, name) {
  return runs[0].layers.map((_, i) => {
    const all = runs.map(({ layers }) => rms(layers[i], name)).filter((x) => x > 0 && Number.isFinite(x));
    if (all.length === 0) return { middle: null, low: null, high: null };
    return { middle: Math.exp(all.reduce((sum, x) => sum + Math.log(x), 0) / all.length),
      low: Math.min(...all), high: Math.max(...all) };
  });
}

const share = (runs, name) => runs[0].layers.map((_, i) =>
  100 * runs.reduce((sum, { layers }) => sum + layers[i][name], 0) / runs.length);

async function compute(text, signal) {
  const params = new Map([...stack(), ...new URLSearchParams(text)]);
  const result = await getJson("v1/propagation", params, signal);
  /* Theory holds for weights with mean 0 that vary. */
  const plan = await getJson("v1/plan", new URLSearchParams(result.runs[0].query), signal).catch((error) => {
    if (error.name === "AbortError") throw error;
    return {};
  });
  const known = plan.mean === 0 && plan.std > 0;
  const limit = known ? theory({ activation: result.activation, slope: result.negative_slope ?? 0.01,
    depth: result.depth, residual: result.residual, layerNorm: result.layer_norm,
    factor: result.width * plan.std ** 2 }) : { activation: null, gradient: null };
  const name = text.replace("scheme=", "").replace(/&/g, " ");
  return { name, result,
    forward: overSeeds(result.runs, "activation"), backward: overSeeds(result.runs, "input_gradient"),
    theory: limit, dead: share(result.runs, "dead_share"), saturated: share(result.runs, "saturated_share") };
}

/** At most nine ticks, at powers of ten. */
function powersOfTen(axis) {
  const low = Math.round(Math.log10(axis.min)), high = Math.round(Math.log10(axis.max));
  const step = Math.ceil((high - low) / 8) || 1;
  axis.ticks = [];
  for (let power = high; power >= low; power -= step) axis.ticks.unshift({ value: 10 ** power });
}

/** 1e-7 as 10⁻⁷. */
const powerOfTen = (y) => (y === 1 ? "1" : `10${[...String(Math.round(Math.log10(y)))].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`);

/** Points on some layers tell curves apart where colours do not. */
const points = (index, count) => ({ pointStyle: POINTS[index],
  pointRadius: (context) => (context.dataIndex % Math.ceil(count / 10) === 0 ? 3 : 0) });

function logChart(canvas, made, part, moments, text) {
  const datasets = [];
  made.forEach((curve, i) => {
    const seen = curve[part];
    const colour = curveColour(i);
    const line = (label, data, more) => ({ label, borderColor: colour, backgroundColor: colour, borderWidth: 2,
      pointRadius: 0, pointHitRadius: 6, data: data.map((y, layer) => ({ x: layer + 1, y })), ...more });
    datasets.push(line(curve.name, seen.map(({ middle }) => middle), points(i, seen.length)));
    if (curve.result.runs.length > 1) {
      datasets.push(line("", seen.map(({ low }) => low), { borderWidth: 0, pointHitRadius: 0 }));
      datasets.push(line("", seen.map(({ high }) => high), { borderWidth: 0, pointHitRadius: 0, fill: "-1", backgroundColor: `${colour}33` }));
    }
    const limit = curve.theory[moments];
    if (limit) datasets.push(line("", limit.map((m) => (m > 0 && Number.isFinite(m) ? Math.sqrt(m) : null)),
      { borderDash: [4, 5], borderWidth: 1.25, pointHitRadius: 0 }));
  });
  const all = datasets.flatMap(({ data }) => data.map(({ y }) => y)).filter((y) => y > 0);
  const decades = all.length ? [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(Math.max(...all)) + 0.01)] : [-1, 1];
  plot(canvas, {
    type: "line", data: { datasets },
    x: { type: "linear", min: 1, max: Math.max(made[0].result.depth, 2), ticks: { precision: 0, maxTicksLimit: 11 }, text: "layer" },
    y: { type: "logarithmic", min: 10 ** decades[0], max: 10 ** decades[1], afterBuildTicks: powersOfTen, ticks: { callback: powerOfTen } },
    legend: { filter: ({ text: label }) => label !== "", usePointStyle: true },
    tooltip: { filter: ({ dataset }) => dataset.label !== "", callbacks: {
      title: ([item]) => (item ? `layer ${item.parsed.x}` : ""),
      label: (item) => `${item.dataset.label}: ${short(item.parsed.y, 4)}` } },
  }, text);
}

function shareChart(canvas, made, part, text) {
  plot(canvas, {
    type: "line",
    data: { datasets: made.map((curve, i) => ({ label: curve.name, borderColor: curveColour(i), backgroundColor: curveColour(i),
      borderWidth: 2, ...points(i, curve[part].length), pointHitRadius: 6, data: curve[part].map((y, layer) => ({ x: layer + 1, y })) })) },
    x: { type: "linear", min: 1, max: Math.max(made[0].result.depth, 2), ticks: { precision: 0, maxTicksLimit: 7 }, text: "layer" },
    y: { min: 0, max: 100, ticks: { maxTicksLimit: 5, callback: (y) => `${y} %` } },
    tooltip: { callbacks: { title: ([item]) => `layer ${item.parsed.x}`, label: (item) => `${item.dataset.label}: ${short(item.parsed.y, 3)} %` } },
  }, text);
}

/** What most layers multiply a number by, and not those near the ends: the median. */
const typical = (numbers) => numbers.slice(1).map((x, i) => x / numbers[i]).sort((a, b) => a - b)[numbers.length - 1 >> 1];

/**
 * What happens to a signal on its way: root mean squares, and what theory says of their
 * squares, or null.
 */
function describe(layers, limit) {
  const seen = layers.map(({ middle }) => middle);
  const known = seen.filter((y) => y !== null), last = seen.at(-1);
  if (known.length < seen.length) return known.length === 0 || known.at(-1) < 1 ? "becomes exactly 0" : "becomes larger than any number";
  if (seen.length === 1) return `becomes ${short(last, 2)}`;
  const ratio = last / seen[0];
  if (ratio > 1 / 3 && ratio < 3) return `keeps its size (${short(seen[0], 2)} at first, ${short(last, 2)} at last)`;
  const fold = (factor) => short(ratio < 1 ? 1 / factor : factor, 3);
  const factor = ratio ** (1 / (seen.length - 1)), expected = limit && typical(limit);
  return `${ratio < 1 ? "shrinks" : "grows"} ${fold(factor)}-fold a layer (squared ${fold(factor ** 2)}` +
    `${expected > 0 && Number.isFinite(expected) ? `, in theory ${fold(expected)}` : ""}), to ${short(last, 2)}`;
}

function sentences(made) {
  const forward = made.map((curve) => `with ${curve.name} it ${describe(curve.forward, curve.theory.activation)}`);
  const backward = made.map((curve) => `with ${curve.name} it ${describe([...curve.backward].reverse(), curve.theory.gradient && [...curve.theory.gradient].reverse())}`);
  const worst = (part) => made.map((curve) => [Math.max(...curve[part]), curve]).sort((a, b) => b[0] - a[0])[0];
  const [dead, whose] = worst("dead");
  const all = made.length > 1 && made.every(({ dead: shares }) => Math.max(...shares) > 0.8 * dead);
  const list = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join("; ")}; and ${parts.at(-1)}`);
  const end = dead >= 1 ? `; up to ${short(dead, 2)} % of the units of a layer are dead with ${all ? "each of them" : whose.name}` : "";
  return [`Through ${counted(made[0].result.depth, "layer")} the signal changes: ${list(forward)}.`,
    `The gradient on its way back to the first layer: ${list(backward)}${end}.`];
}

function layersTable(made) {
  const head = ["layer", ...made.flatMap(({ name }) => [`${name}: activation`, "gradient", "dead", "saturated"])];
  const rows = made[0].forward.map((_, i) => [String(i + 1), ...made.flatMap((curve) => [
    short(curve.forward[i].middle, 4), short(curve.backward[i].middle, 4),
    `${short(curve.dead[i], 3)} %`, `${short(curve.saturated[i], 3)} %`])]);
  byId("layers-table").replaceChildren(table("Root mean squares, and shares of units, by layer", head, rows));
}

async function update() {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  results.setAttribute("aria-busy", "true");
  byId("w-negative_slope").closest(".field").hidden = form.elements.namedItem("activation").value !== "leaky_relu";
  const wanted = curves(), made = [], failures = [];
  try {
    for (const [i, text] of wanted.entries()) {
      const curve = await compute(text, signal).catch((error) => {
        if (error.name === "AbortError") throw error;
        failures.push([i, error]);
        return null;
      });
      if (curve) made.push(curve);
    }
  } catch (error) {
    return; // a later change computes
  }
  clearErrors(form);
  byId("why-problem").hidden = true;
  for (const [i, error] of failures) {
    if (error.field && !form.elements.namedItem(error.field)?.id) error.field = error.field === "scheme" ? `scheme${i}` : `parameters${i}`;
    showProblem(byId("why-problem"), form, error);
  }
  results.classList.toggle("stale", failures.length > 0);
  results.setAttribute("aria-busy", "false");
  if (failures.length > 0) return;
  const both = sentences(made), said = both.join(" ");
  byId("said").replaceChildren(...both.map((sentence) => element("p", {}, sentence)));
  logChart(byId("forward"), made, "forward", "activation", `Activations by layer. ${said}`);
  logChart(byId("backward"), made, "backward", "gradient", `Gradients by layer. ${said}`);
  shareChart(byId("dead"), made, "dead", "Share of dead units by layer; the table below has the numbers.");
  shareChart(byId("saturated"), made, "saturated", "Share of saturated units by layer; the table below has the numbers.");
  layersTable(made);
}

function changed(name) {
  remember(state(), name);
  update();
}

const typed = settle(300, changed);

function listen() {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    results.setAttribute("aria-busy", "true");
    typed(target.name);
  });
  form.addEventListener("change", editingEnds);
  byId("add-curve").addEventListener("click", () => {
    const list = curves();
    setCurves([...list, "scheme=orthogonal"]);
    editingEnds();
    changed(null);
    byId(`w-scheme${list.length}`).focus();
  });
}

export async function show(search) {
  if (!schemes) {
    schemes = (await getSchemes()).schemes.map(({ name }) => name);
    fields();
    listen();
  }
  const given = new Map([...FIRST, ...search]);
  for (const name of [...FALLBACK.keys(), "negative_slope"]) setValue(form.elements.namedItem(name), given.get(name) ?? "");
  const list = search.getAll("curve").slice(0, MAX_CURVES);
  setCurves(list.length > 0 ? list : FIRST_CURVES);
  await update();
}

export const redraw = update;
