/* SPDX-License-Identifier: MIT */
/* Functions of uniform numbers: see mapped.h. docs/SPEC.md, "Mapped uniform". */
#include "core/values/mapped.h"

#include "core/kernels/elementary.h"

double ti_map(const struct ti_mapping *mapping, double y) {
    if (mapping->map == TI_MAP_LOG) return ti_log(y);
    double x = ti_exp(y);
    if (mapping->map == TI_MAP_EXP) return x;
    x = x > mapping->floor ? x : mapping->floor;
    return x + ti_log(0 - ti_expm1(0 - x));
}

double ti_mapped_value(const struct ti_sampler *sampler, double u) {
    const struct ti_mapping *mapping = &sampler->mapping;
    const double x = ti_map(mapping, mapping->offset + mapping->scale * u);
    const double raised = x > sampler->low ? x : sampler->low;
    return raised < sampler->high ? raised : sampler->high;
}
