// SPDX-License-Identifier: MIT
// The view of the models of this server: the tensors of one as a table, with links.

import { byId, bytes, element, integer, settle, short } from "./elements.js";
import { field, setValue, showProblem } from "./form.js";
import { getJson, query, url } from "./service.js";
import { editingEnds, remember } from "./state.js";

const MAX_ROWS = 500; // of thousands; the field finds the others

const form = byId("models-form");
const results = document.querySelector("#view-models .results");
let models; // of the list
let model; // the document of the one that is shown
let running = new AbortController();

const value = (name) => form.elements.namedItem(name).value.trim();

function row(tensor) {
  const scheme = new URLSearchParams(tensor.query).get("scheme") ?? "he_normal";
  const cells = [element("a", { href: `?${tensor.query}` }, tensor.name), tensor.shape.join(" × ") || "scalar", tensor.dtype,
    scheme, short(tensor.std), bytes(tensor.bytes), tensor.file];
  return element("tr", {}, ...cells.map((cell, i) => element(i === 0 ? "th" : "td", i === 0 ? { scope: "row" } : {}, cell)));
}

function showTensors() {
  const wanted = value("find").toLowerCase();
  const found = model.tensors.filter(({ name, query: text }) => `${name} ${text}`.toLowerCase().includes(wanted));
  byId("models-about").textContent = `${integer(model.parameters)} parameters in ${integer(model.tensors.length)} tensors, ${bytes(model.bytes)}.` +
    (wanted ? ` ${integer(found.length)} of them have “${value("find")}”.` : "") +
    (found.length > MAX_ROWS ? ` The first ${MAX_ROWS} are shown.` : "");
  byId("models-table").replaceChildren(element("table", {}, element("caption", {}, `Tensors of ${model.name}`),
    element("thead", {}, element("tr", {}, ...["name", "shape", "dtype", "scheme", "std", "size", "file"].map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...found.slice(0, MAX_ROWS).map(row))));
}

async function update() {
  running.abort();
  running = new AbortController();
  results.setAttribute("aria-busy", "true");
  try {
    if (model?.name !== value("model")) model = await getJson(`v1/models/${encodeURIComponent(value("model"))}`, [], running.signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    results.classList.add("stale");
    results.setAttribute("aria-busy", "false");
    throw error;
  }
  results.classList.remove("stale");
  byId("models-problem").hidden = true;
  byId("models-files").replaceChildren(...model.files.map((file) => element("li", {},
    element("a", { href: new URL(file.path, url("")).href, download: true }, file.name), ` ${bytes(file.bytes)}`)));
  showTensors();
  results.setAttribute("aria-busy", "false");
}

function changed(name) {
  remember(query([["view", "models"], ["model", value("model")], ...(value("find") ? [["find", value("find")]] : [])]), name);
  return update().catch((error) => showProblem(byId("models-problem"), form, error));
}

export async function show(search) {
  if (!models) {
    ({ models } = await getJson("v1/models"));
    byId("models-fields").replaceChildren(
      field("m", { name: "model", label: "Model", options: models.map(({ name }) => name) }),
      field("m", { name: "find", label: "Find", hint: "in names and schemes" }));
    const typed = settle(150, changed);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", ({ target }) => {
      results.setAttribute("aria-busy", "true");
      typed(target.name);
    });
    form.addEventListener("change", editingEnds);
  }
  byId("models-problem").hidden = true;
  const wanted = search.get("model") ?? models[0]?.name;
  if (wanted === undefined) {
    byId("models-about").textContent = "This server has no models: its option --models names a folder of them.";
    results.setAttribute("aria-busy", "false");
    return;
  }
  const select = form.elements.namedItem("model");
  /* That of a manifest in a URL is not in the list; of any other name the service says why not. */
  setValue(select, wanted);
  form.elements.namedItem("find").value = search.get("find") ?? "";
  await update();
}

/** The table has the colours of the style sheet. */
export const redraw = () => {};
