// SPDX-License-Identifier: MIT
// shard=: which rank owns which part of a tensor, as torch.chunk splits.

import { element, integer, svg } from "./elements.js";

const MAX_RANKS = 64;

/** "0:3/8,1:0/2" as [{axis, index, count}, ...]; null if it is not so. */
export function parseShard(text) {
  if (!text) return [];
  const splits = text.split(",").map((part) => part.match(/^(\d+):(\d+)\/(\d+)$/));
  if (splits.includes(null)) return null;
  return splits.map(([, axis, index, count]) =>
    ({ axis: Number(axis), index: Number(index), count: Number(count) }));
}

/** The part of [from, to) that one of 'count' has. */
function chunk([from, to], index, count) {
  const size = Math.ceil((to - from) / count);
  return [Math.min(from + index * size, to), Math.min(from + (index + 1) * size, to)];
}

/** Of each axis the range [from, to) that the splits leave. */
export function ranges(shape, splits) {
  const owned = shape.map((size) => [0, Number(size)]);
  for (const { axis, index, count } of splits) owned[axis] = chunk(owned[axis], index, count);
  return owned;
}

/** All ranks of the splits: lists of splits like those, one for each rank. */
function ranks(splits) {
  return splits.reduce((lists, split) => lists.flatMap((list) =>
    Array.from({ length: split.count }, (_, index) => [...list, { ...split, index }])), [[]]);
}

/** The picture: a rectangle for each rank. 'choose' is called with the splits of a rank. */
export function shardPicture(shape, splits, choose) {
  if (splits.length === 0 || shape.length === 0) return element("p", { class: "about" }, "One rank: all of it.");
  const count = splits.reduce((product, split) => product * split.count, 1);
  if (count > MAX_RANKS)
    return element("p", { class: "about" }, `${integer(count)} ranks: too many to show.`);
  const all = ranks(splits);
  const down = splits[0].axis;
  const across = splits.find(({ axis }) => axis !== down)?.axis ??
    [1, 0].find((axis) => axis !== down && axis < shape.length);
  const width = 480, height = Math.max(120, Math.min(240, 14 * all.length));
  const place = (axis, size, [from, to]) => {
    const whole = Math.max(Number(shape[axis]), 1);
    return [from / whole * size, (to - from) / whole * size];
  };
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "shards-picture", role: "img",
    "aria-label": `The tensor in ${all.length} parts; part ${splits.map(({ index }) => index).join(", ")} is selected.` });
  const own = JSON.stringify(splits);
  all.forEach((list, number) => {
    const owned = ranges(shape, list);
    const [y, h] = place(down, height, owned[down]);
    const [x, w] = across === undefined ? [0, width] : place(across, width, owned[across]);
    if (w <= 0 || h <= 0) return;
    const label = list.map(({ index }) => index).join("·");
    const box = svg("rect", { x, y, width: w, height: h, rx: 2, class: JSON.stringify(list) === own ? "part own" : "part" });
    box.style.setProperty("--hue", String(Math.round(number * 360 / all.length)));
    box.addEventListener("click", () => choose(list));
    picture.append(svg("g", {}, box));
    if (h >= 13 && w >= 24)
      picture.append(svg("text", { x: x + w / 2, y: y + h / 2, class: "part-label" }, label));
  });
  return picture;
}
