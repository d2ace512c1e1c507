/* SPDX-License-Identifier: MIT */
/*
 * Functions of a uniform distribution, for state space models: log_uniform; dt_bias of Mamba, the
 * inverse of softplus of a log-uniform step size; A_log of Mamba-2.
 */
#include "core/kernels/elementary.h"
#include "core/request/schemes/schemes.h"

enum ti_status ti_scheme_mapped(const struct ti_spec *spec,
                                const struct ti_scheme *scheme,
                                const struct ti_fans *fans, struct ti_dist *dist,
                                struct ti_error *error) {
    const struct ti_scheme_numbers *numbers = &scheme->numbers;
    struct ti_mapping *mapping = &dist->mapping;
    enum ti_status status = TI_OK;
    (void)fans;
    if (numbers->low == 0) { /* no defaults */
        status = ti_scheme_needs(spec, scheme, TI_PARAM_low, "a number above 0", error);
        if (status == TI_OK)
            status =
                ti_scheme_needs(spec, scheme, TI_PARAM_high, "a number above 0", error);
    }
    const double low = ti_spec_number(spec, TI_PARAM_low, numbers->low);
    const double high = ti_spec_number(spec, TI_PARAM_high, numbers->high);
    mapping->floor = ti_spec_number(spec, TI_PARAM_floor, 0.0001);
    if (status == TI_OK) status = ti_scheme_above_zero(low, "low", error);
    if (status == TI_OK) status = ti_scheme_above_zero(high, "high", error);
    if (status == TI_OK) status = ti_scheme_above_zero(mapping->floor, "floor", error);
    if (status != TI_OK) return status;
    if (low > high) {
        return ti_error_set(error, TI_EVALUE, spec->given[TI_PARAM_high] ? "high" : "low",
                            "high must not be below low");
    }
    mapping->map = numbers->map;
    const bool log = mapping->map == TI_MAP_LOG;
    const double from = log ? low : ti_log(low), to = log ? high : ti_log(high);
    mapping->offset = from;
    mapping->scale = to - from;
    dist->distribution = TI_DISTRIBUTION_MAPPED_UNIFORM;
    dist->low = mapping->map == TI_MAP_EXP ? low : ti_map(mapping, from);
    dist->high = mapping->map == TI_MAP_EXP ? high : ti_map(mapping, to);
    return TI_OK;
}
