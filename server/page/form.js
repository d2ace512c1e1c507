// SPDX-License-Identifier: MIT
// Fields of a form: a label, a control, what is accepted, and the error of the field.

import { element } from "./elements.js";

/** The words that a parameter takes, if it takes nothing else. */
export function words(accepts) {
  const list = accepts.split(", ");
  return list.length > 1 && list.every((word) => /^[a-z0-9_]+$/.test(word)) ? list : null;
}

/**
 * A field {name, label, hint, options, placeholder, type, empty}; 'options' is a list of
 * words, or of [value, text]; 'empty' is the text of the option for no value.
 */
export function field(prefix, { name, label, hint, options, placeholder, type, empty, mode }) {
  const id = `${prefix}-${name}`;
  const control = options
    ? element("select", { id, name }, ...(empty ? [element("option", { value: "" }, empty)] : []),
      ...options.map((option) => (Array.isArray(option)
        ? element("option", { value: option[0] }, option[1])
        : element("option", { value: option }, option))))
    : element("input", { id, name, type: type ?? "text", placeholder, spellcheck: "false",
      autocapitalize: "none", inputmode: mode });
  control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  return element("div", { class: "field" },
    element("label", { for: id }, label ?? name),
    control,
    element("p", { id: `${id}-hint`, class: "hint" }, hint ?? ""),
    element("p", { id: `${id}-error`, class: "error" }));
}

/** Sets a control; a word that a list lacks is added to it, and the service says what is wrong with it. */
export function setValue(control, value) {
  if (control.options && ![...control.options].some((option) => option.value === value))
    control.append(element("option", {}, value));
  control.value = value;
}

/** Shows an error beside a control; false if there is none. */
export function showError(control, text) {
  if (!control?.id) return false;
  const details = control.closest("details");
  if (details) details.open = true;
  control.setAttribute("aria-invalid", "true");
  document.getElementById(`${control.id}-error`).textContent = text;
  return true;
}

export function clearErrors(form) {
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    document.getElementById(`${control.id}-error`).textContent = "";
  }
}

/** A box for an error that no field has. */
export function showProblem(box, form, error) {
  if (error.field && showError(form.elements.namedItem(error.field), error.message)) {
    box.hidden = true;
    return;
  }
  box.textContent = error.field ? `${error.field}: ${error.message}` : error.message;
  box.hidden = false;
}
