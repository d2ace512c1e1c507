/* SPDX-License-Identifier: MIT */
/* Values of a mapped uniform (struct ti_mapping): called by its sampler. */
#ifndef TI_MAPPED_H
#define TI_MAPPED_H

#include "core/values/sampler.h"

/* The value of a uniform number u in [0, 1), in binary64. */
double ti_mapped_value(const struct ti_sampler *sampler, double u);

#endif
