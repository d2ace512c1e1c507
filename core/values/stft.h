/* SPDX-License-Identifier: MIT */
/* Kernels of a short-time Fourier transform: called by pattern.c. */
#ifndef TI_STFT_H
#define TI_STFT_H

#include <stddef.h>

#include "core/values/distribution.h"

/* Writes elements [first, first + count) of a pattern TI_PATTERN_STFT, in binary64. */
void ti_stft_fill(const struct ti_pattern *pattern, uint64_t first, size_t count,
                  double *out);

#endif
