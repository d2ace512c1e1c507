// SPDX-License-Identifier: MIT
// What a scheme cannot do without, for a first look: set when it is chosen and is missing.

export const EXAMPLES = {
  wang_init: { layers: "12" },
  gpt2_residual: { layers: "12" },
  megatron_scaled: { layers: "12" },
  depth_scaled: { layer: "3" },
  mup: { width_multiplier: "4" },
  t5: { role: "wi" },
  deepnorm: { layers: "12" },
  log_uniform: { low: "0.001", high: "0.1" },
  constant: { value: "0.1" },
  sparse: { sparsity: "0.1" },
};

/** A shape that a scheme takes, where it does not take every shape. */
export const SHAPES = {
  dirac: "64,64,3,3",
  delta_orthogonal: "64,64,3,3",
  stft: "20,1,21",
  lstm_forget_bias: "2048",
  bilinear: "64,64,4,4",
};
