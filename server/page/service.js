// SPDX-License-Identifier: MIT
// Requests to the service that this page came from.

export const base = new URL("..", import.meta.url);

const TOKEN = "tensorinit-token"; // of --tokens; for this tab only

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

/** Whether requests have one, so that lines to copy need one as well. */
export const hasToken = () => Boolean(sessionStorage.getItem(TOKEN));

/** What a problem document says (RFC 9457). */
class Problem extends Error {
  constructor(document, status) {
    super(document.detail ?? document.title ?? `The service responded with status ${status}.`);
    this.field = document.field ?? "";
    this.status = status;
  }
}

/** A query that can stand in quotes of any kind, and stays legible. */
export function query(parameters) {
  const text = (value) => encodeURIComponent(value).replace(/'/g, "%27")
    .replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%2F/g, "/");
  return [...parameters].map(([name, value]) => `${text(name)}=${text(value)}`).join("&");
}

export function url(path, parameters = []) {
  const text = query(parameters);
  return new URL(path, base).href + (text ? `?${text}` : "");
}

const RETRIES = 3, RETRY_SECONDS = 10;

/** Seconds after which a service that is busy wants to be asked again, if that is soon. */
function retryAfter({ status, headers }) {
  const seconds = Number(headers.get("Retry-After") ?? NaN);
  return (status === 429 || status === 503) && seconds <= RETRY_SECONDS ? seconds : undefined;
}

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  setTimeout(resolve, 1000 * seconds);
  signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
});

async function send(path, parameters, signal, retries = RETRIES) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let response;
  try {
    response = await fetch(url(path, parameters), { signal, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ detail: "The service does not answer." }, 0);
  }
  if (response.ok) return response;
  const seconds = retries > 0 ? retryAfter(response) : undefined;
  if (seconds !== undefined) {
    await pause(seconds, signal);
    return send(path, parameters, signal, retries - 1);
  }
  if (response.status === 401) document.dispatchEvent(new Event("token-needed"));
  const problem = await response.json().catch(() => ({}));
  throw new Problem(problem, response.status);
}

/** A body that ends early, or that something between here and the service has made. */
function unreadable(error) {
  if (error.name === "AbortError") throw error;
  throw new Problem({ detail: "The response of the service ends early, or is not its own." }, 0);
}

export async function getJson(path, parameters, signal) {
  return (await send(path, parameters, signal)).json().catch(unreadable);
}

/** The bytes of a link of this page; the browser itself would send no token. */
export async function getBytes(href) {
  return (await send(new URL(href).pathname.slice(base.pathname.length), new URL(href).searchParams)).blob().catch(unreadable);
}

let schemes; // the document, fetched once

export function getSchemes() {
  schemes ??= getJson("v1/schemes").catch((error) => {
    schemes = undefined;
    throw error;
  });
  return schemes;
}
