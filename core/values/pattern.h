/* SPDX-License-Identifier: MIT */
/* Values of fixed patterns (struct ti_pattern): called by the pattern sampler. */
#ifndef TI_PATTERN_H
#define TI_PATTERN_H

#include <stddef.h>

#include "core/values/distribution.h"

/* Writes elements [first, first + count), which are below 2^63, in binary64. */
void ti_pattern_fill(const struct ti_pattern *pattern, uint64_t first, size_t count,
                     double *out);

#endif
