// SPDX-License-Identifier: MIT
// What a very wide stack does on average (docs/WHY.md): the second moments of activations
// and gradients, layer by layer, if weights are independent with mean 0.

import { integrate, normal } from "./density.js";

const erf = (x) => 2 / Math.sqrt(Math.PI) * integrate((t) => Math.exp(-t * t), 0, Math.max(-6, Math.min(x, 6)), 200);
const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const SELU = [1.0507009873554805, 1.6732632423543772];

/** [f, f'] of each activation. */
const FUNCTIONS = {
  linear: () => [(z) => z, () => 1],
  relu: () => [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
  leaky_relu: (slope) => [(z) => (z > 0 ? z : slope * z), (z) => (z > 0 ? 1 : slope)],
  tanh: () => [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
  sigmoid: () => [sigmoid, (z) => sigmoid(z) * (1 - sigmoid(z))],
  gelu: () => [(z) => z * (1 + erf(z / Math.SQRT2)) / 2, (z) => (1 + erf(z / Math.SQRT2)) / 2 + z * normal(z)],
  silu: () => [(z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z)))],
  selu: () => [(z) => SELU[0] * (z > 0 ? z : SELU[1] * Math.expm1(z)), (z) => SELU[0] * (z > 0 ? 1 : SELU[1] * Math.exp(z))],
  elu: () => [(z) => (z > 0 ? z : Math.expm1(z)), (z) => (z > 0 ? 1 : Math.exp(z))],
};

/** The mean of f(z) for z normal with mean 0 and second moment q; a kink at 0 does no harm. */
function mean(f, q) {
  const s = Math.sqrt(q);
  const g = (u) => f(s * u) * normal(u);
  return integrate(g, -8, -1e-12, 120) + integrate(g, 1e-12, 8, 120);
}

/**
 * {activation, gradient}: second moments after each layer, and at the input of each.
 * 'factor' is width * std^2. Gradients through a layer norm have no simple factor: null.
 */
export function theory({ activation, slope, depth, residual, layerNorm, factor }) {
  const [f, derivative] = FUNCTIONS[activation](slope);
  const forward = [], factors = [];
  let moment = 1, average = 0;
  for (let layer = 0; layer < depth; layer++) {
    const q = factor * (layerNorm ? 1 : moment);
    const second = mean((z) => f(z) ** 2, q), first = mean(f, q);
    moment = residual ? moment + 2 * average * first + second : second;
    average = residual ? average + first : first;
    forward.push(moment);
    factors.push((residual ? 1 : 0) + factor * mean((z) => derivative(z) ** 2, q));
  }
  let gradient = 1;
  const backward = factors.map(() => 0);
  for (let layer = depth - 1; layer >= 0; layer--) backward[layer] = gradient *= factors[layer];
  return { activation: forward, gradient: layerNorm ? null : backward };
}
