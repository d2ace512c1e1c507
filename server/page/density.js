// SPDX-License-Identifier: MIT
// The exact density of a plan's values, as a function of the value; null where there is none.

const SQRT_TAU = Math.sqrt(2 * Math.PI);

/** The density of the standard normal distribution. */
export const normal = (z) => Math.exp(-z * z / 2) / SQRT_TAU;

/** Simpson's rule. */
export function integrate(f, from, to, steps = 400) {
  const h = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * f(from + i * h);
  return sum * h / 3;
}

function truncated(mean, sigma, low, high) {
  const a = Math.max((low - mean) / sigma, -9), b = Math.min((high - mean) / sigma, 9);
  const inside = integrate(normal, a, b);
  return (x) => (x < low || x > high ? 0 : normal((x - mean) / sigma) / sigma / inside);
}

const within = (low, high, f) => (x) => (x < low || x > high ? 0 : f(x));

/** Of one element of a matrix with orthonormal rows or columns of n elements, times gain. */
function orthogonal(n, gain) {
  if (n < 4) return null;
  const shape = (x) => Math.pow(Math.max(0, 1 - (x / gain) ** 2), (n - 3) / 2);
  const reach = Math.min(gain, 12 * gain / Math.sqrt(n));
  const inside = integrate(shape, -reach, reach, 2000);
  return (x) => shape(x) / inside;
}

export function density(plan) {
  const given = new URLSearchParams(plan.query);
  const number = (name, fallback) => Number(given.get(name) ?? fallback);
  const { low, high, sigma } = plan;
  switch (plan.distribution) {
    case "normal":
      return sigma > 0 ? (x) => normal((x - plan.mean) / sigma) / sigma : null;
    case "truncated_normal":
      /* plan.mean is that of the values; the bounds may not be symmetric. */
      return sigma > 0 ? truncated(number("mean", 0), sigma, low ?? -Infinity, high ?? Infinity) : null;
    case "uniform":
      return high > low ? within(low, high, () => 1 / (high - low)) : null;
    case "sparse_normal": {
      const zeros = 1 - (plan.std / sigma) ** 2;
      return sigma > 0 ? (x) => (1 - zeros) * normal(x / sigma) / sigma : null;
    }
    case "orthogonal":
      /* plan.std is |gain| / sqrt(n). */
      return plan.std > 0 ? orthogonal(Math.round((plan.gain / plan.std) ** 2), Math.abs(plan.gain)) : null;
    case "mapped_uniform":
      return mapped(plan.scheme, number, low, high);
    default:
      return null;
  }
}

function mapped(scheme, number, low, high) {
  switch (scheme) {
    case "log_uniform":
      return within(low, high, (x) => 1 / (x * Math.log(high / low)));
    case "log_of_uniform":
      return within(low, high, (x) => Math.exp(x) / (Math.exp(high) - Math.exp(low)));
    case "mamba_dt_bias": {
      /* x = y + log(1 - exp(-y)), so y = log(1 + exp(x)) and dy/dx = 1 / (1 + exp(-x)). */
      const span = Math.log(number("high", 0.1) / number("low", 0.001));
      return within(low, high, (x) => 1 / (Math.log1p(Math.exp(x)) * span * (1 + Math.exp(-x))));
    }
    default:
      return null;
  }
}
