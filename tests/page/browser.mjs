// SPDX-License-Identifier: MIT
// A daemon and a browser for test_page.mjs; pages that watch what goes wrong.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { once } from "node:events";
import path from "node:path";
import readline from "node:readline";

export const BUILD = path.resolve(process.env.BUILD);
export const FOLDER = path.join(BUILD, "page");
const require = createRequire(FOLDER + "/");
const { chromium } = require("playwright-core");
export const AXE = require.resolve("axe-core/axe.min.js");

const daemons = [];

/** Ends those that a test that failed has left; otherwise node would wait for them. */
export function killDaemons() {
  for (const child of daemons) child.kill("SIGKILL");
}

/** A tensorinitd on a port that was free: {url, stop()}. */
export async function daemon(...options) {
  const child = spawn(path.join(BUILD, "tensorinitd"), ["--listen", "127.0.0.1:0", ...options],
    { stdio: ["ignore", "ignore", "pipe"] });
  daemons.push(child);
  const lines = readline.createInterface({ input: child.stderr });
  const url = await new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      const found = line.match(/listening on (http:\/\/[^"\s]+)/);
      if (found) resolve(found[1]);
    });
    child.on("exit", (code) => reject(new Error(`tensorinitd did not start: ${code}`)));
  });
  return {
    url,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      assert.equal((await ended)[0], 0, "exit code of tensorinitd");
    },
  };
}

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"] });
}

/**
 * A page of its own context. finish() fails on what went wrong since: a message on the
 * console, an exception, a request to another origin.
 */
export async function open(browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const page = await context.newPage();
  const faults = [], requests = [];
  let mayFail = false; // the browser itself reports a status of 400, 404 or 503
  page.on("console", (message) => {
    const isStatus = /Failed to load resource: .* status of (400|404|503)/.test(message.text());
    if (!(mayFail && isStatus)) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(error.stack));
  page.on("request", (request) => {
    requests.push(request.url());
    if (new URL(request.url()).origin !== origin) faults.push(`request to ${request.url()}`);
  });
  return {
    page, requests,
    allowErrors() { mayFail = true; },
    /** Goes to a target, and waits until everything is shown. */
    async go(target) {
      await page.goto(origin + target);
      await settled(page);
    },
    async finish() {
      await context.close();
      assert.deepEqual(faults, []);
    },
  };
}

/** Nothing is being fetched for the view that is shown. */
export async function settled(page) {
  await page.waitForSelector("main:not([hidden]) .results[aria-busy=false]", { timeout: 60000 });
}

/**
 * Waits until a function of the page returns true. Not page.waitForFunction: whenever it has
 * to ask a second time it calls eval(), which the page's policy forbids.
 */
export async function until(page, holds) {
  for (const end = Date.now() + 60000; !await page.evaluate(holds); await page.waitForTimeout(20)) {
    assert.ok(Date.now() < end, `in a minute not yet: ${holds}`);
  }
}
