// SPDX-License-Identifier: MIT
// The state of a view is its query in the URL: it can be sent to a colleague, and Back works.

let edited = null; // the field that the present entry of the history comes from

/** While one field is edited, its entry is replaced; otherwise there is a new one. */
export function remember(query, field) {
  const target = `${location.pathname}?${query}`;
  if (target === location.pathname + location.search) return;
  if (field !== null && field === edited) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  edited = field;
  document.dispatchEvent(new Event("remembered"));
}

export function editingEnds() {
  edited = null;
}
