/* SPDX-License-Identifier: MIT */
/* The same value everywhere: constant, zeros, ones. */
#include "core/request/schemes/schemes.h"

enum ti_status ti_scheme_constant(const struct ti_spec *spec,
                                  const struct ti_scheme *scheme,
                                  const struct ti_fans *fans, struct ti_dist *dist,
                                  struct ti_error *error) {
    (void)fans;
    if (scheme->numbers.needs_value && !spec->given[TI_PARAM_value]) {
        return ti_error_set(error, TI_EMISSING, "value",
                            "scheme=constant needs value=, a number");
    }
    /* the value of zeros and ones */
    const double own = scheme->numbers.value;
    const struct ti_integer own_integer = {true, false, (uint64_t)own};
    double value = ti_spec_number(spec, TI_PARAM_value, own);
    dist->integer = spec->given[TI_PARAM_value] ? spec->constant : own_integer;
    dist->value_field = "value";
    dist->distribution = TI_DISTRIBUTION_CONSTANT;
    dist->low = dist->high = dist->mean = value;
    return TI_OK;
}
