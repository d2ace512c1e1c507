// SPDX-License-Identifier: MIT
// Chart.js with the colours of the page, and the heat map.
/* global Chart */

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colours of curves, from style.css; told apart without colour by dashes and points too. */
export const curveColour = (index) => style(`--curve-${index % 4 + 1}`);

const charts = new Map(); // by canvas

/** Replaces the chart of a canvas. The text is for those who do not see it. */
export function plot(canvas, config, text) {
  charts.get(canvas)?.destroy();
  canvas.setAttribute("aria-label", text);
  const ink = style("--soft"), line = style("--line");
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  const { x, y, legend } = config;
  const axis = (options) => ({
    grid: { color: line }, border: { display: false },
    ...options,
    title: { display: Boolean(options.text), text: options.text, color: ink, font },
    ticks: { color: ink, font, padding: 6, maxRotation: 0, autoSkipPadding: 16, ...options.ticks },
  });
  charts.set(canvas, new Chart(canvas, {
    type: config.type,
    data: config.data,
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: { x: axis(x), y: axis(y) },
      plugins: {
        legend: { display: Boolean(legend), position: "top", align: "start",
          labels: { color: style("--ink"), font, boxWidth: 28, boxHeight: 2, ...legend } },
        tooltip: { animation: false, ...config.tooltip },
      },
    },
  }));
}

export function clear(canvas, text) {
  charts.get(canvas)?.destroy();
  charts.delete(canvas);
  canvas.setAttribute("aria-label", text);
}

const rgb = (name) => style(name).match(/[0-9a-f]{2}/gi).map((two) => parseInt(two, 16));

/** Rows of numbers as coloured squares; -scale to scale is the whole of the colours. */
export function heatMap(canvas, rows, scale, text) {
  const height = rows.length, width = rows[0]?.length ?? 0;
  canvas.width = Math.max(width, 1);
  canvas.height = Math.max(height, 1);
  canvas.setAttribute("aria-label", text);
  const middle = rgb("--zero"), ends = [rgb("--negative"), rgb("--positive")];
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  rows.forEach((row, r) => row.forEach((value, c) => {
    const part = scale > 0 ? Math.min(Math.abs(value) / scale, 1) : 0;
    const end = ends[value < 0 ? 0 : 1];
    const at = 4 * (r * width + c);
    for (let i = 0; i < 3; i++) image.data[at + i] = middle[i] + (end[i] - middle[i]) * part;
    image.data[at + 3] = 255;
  }));
  context.putImageData(image, 0, 0);
}
