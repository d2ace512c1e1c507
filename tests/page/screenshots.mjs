// SPDX-License-Identifier: MIT
// README's screenshots, into docs/: 'make screenshots'. Fonts differ between machines, so no test compares them.
import path from "node:path";

import { daemon, launch, open } from "./browser.mjs";

const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const VIEWS = {
  tensor: "/?shape=512,784&scheme=he_normal&seed=42&name=fc1.weight&dtype=f32&format=npy&shard=0:3/8",
  why: "/?view=why",
  models: "/?view=models&model=gpt2",
};

const server = await daemon("--models", path.join(ROOT, "deploy/models"));
const browser = await launch();
const { page, go, finish } = await open(browser, server.url, { colorScheme: "light",
  deviceScaleFactor: 0.8, viewport: { width: 1280, height: 1000 } });
for (const [name, target] of Object.entries(VIEWS)) {
  await go(target);
  /* Charts are painted with the next frame. */
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  await page.screenshot({ path: path.join(ROOT, `docs/page-${name}.png`) });
}
await finish();
await browser.close();
await server.stop();
