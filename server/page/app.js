// SPDX-License-Identifier: MIT
// The page: which view is shown, by the URL.

import { byId, element } from "./elements.js";
import { getBytes, getSchemes, hasToken, setToken, url } from "./service.js";
import * as models from "./models.js";
import { editingEnds } from "./state.js";
import * as tensor from "./tensor.js";
import * as why from "./why.js";

const VIEWS = { tensor, why, models };
const TITLES = { tensor: "Tensor", why: "Why it matters", models: "Models" };
let present = null;

const wanted = () => {
  const view = new URLSearchParams(location.search).get("view") ?? "tensor";
  return Object.hasOwn(VIEWS, view) ? view : "tensor";
};

/** The tab of a view leads back to what it showed last. */
function keepPlace() {
  const tab = byId(`tab-${wanted()}`);
  if (location.search) tab.setAttribute("href", location.search);
}

async function route() {
  editingEnds();
  present = wanted();
  keepPlace();
  for (const name of Object.keys(VIEWS)) {
    byId(`view-${name}`).hidden = name !== present;
    if (name === present) byId(`tab-${name}`).setAttribute("aria-current", "page");
    else byId(`tab-${name}`).removeAttribute("aria-current");
  }
  document.title = `${TITLES[present]} – tensorinit`;
  const box = byId(`${present}-problem`), results = box.parentElement;
  results.setAttribute("aria-busy", "true");
  await VIEWS[present].show(new URLSearchParams(location.search)).catch((error) => {
    box.textContent = error.message;
    box.hidden = false;
    results.setAttribute("aria-busy", "false");
  });
}

/* Links within the page: the tabs, and a model's tensors. */
document.addEventListener("click", (event) => {
  const tab = event.target.closest('a[href^="?"]');
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", tab.getAttribute("href"));
  route();
});

/* The browser sends no token when it follows a link to a file: the page fetches it then. */
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[download]");
  if (!link || !hasToken()) return;
  event.preventDefault();
  const box = byId(`${present}-problem`);
  try {
    const href = URL.createObjectURL(await getBytes(link.href));
    element("a", { href, download: link.download || link.textContent }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60000);
  } catch (error) {
    box.textContent = error.message;
    box.hidden = false;
  }
});
addEventListener("popstate", route);
document.addEventListener("remembered", keepPlace);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => VIEWS[present].redraw());

document.addEventListener("token-needed", () => {
  byId("access").hidden = false;
});
byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken(byId("token").value);
  byId("access").hidden = true;
  route();
});

byId("openapi").href = url("openapi.json");
getSchemes().then(({ spec }) => { byId("spec").textContent = spec; }, () => {});
route();
