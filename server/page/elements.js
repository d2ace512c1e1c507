// SPDX-License-Identifier: MIT
// Elements of the page, made and filled.

export const byId = (id) => document.getElementById(id);

/** element("a", {href: "x"}, "text", child): attributes of false or null are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function table(caption, head, rows) {
  const cells = (kind, row) => row.map((text, i) =>
    element(kind, kind === "th" ? { scope: "col" } : { class: i === 0 ? "first" : null }, text));
  return element("table", {}, element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...cells("th", head))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells("td", row)))));
}

/** Six digits at most; what is larger or smaller by far with an exponent. */
export function short(number, digits = 6) {
  if (number === undefined || number === null) return "–";
  const value = Number(number);
  if (!Number.isFinite(value)) return "not finite";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e7) return String(Number(value.toPrecision(digits)));
  return String(Number(value.toPrecision(Math.min(digits, 4))).toExponential()).replace("e+", "e");
}

export function bytes(count) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let value = Number(count), unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toPrecision(4))} ${units[unit]}`;
}

export function integer(count) {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** "1 value", "12 values". */
export function counted(count, word) {
  return `${integer(count)} ${word}${Number(count) === 1 ? "" : "s"}`;
}

/** Whether to call the last of several calls within some milliseconds. */
export function settle(milliseconds, call) {
  let timer;
  return (...what) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...what), milliseconds);
  };
}
