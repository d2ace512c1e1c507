/* SPDX-License-Identifier: MIT */
/* The same value everywhere: constant, zeros, ones. */
#include <math.h>

#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/request/schemes/schemes.h"

/* Only some dtypes have infinities, and JSON has none. */
static enum ti_status check_infinity(const struct ti_spec *spec, double value,
                                     struct ti_error *error) {
    const enum ti_dtype dtype =
        (enum ti_dtype)ti_spec_choice(spec, TI_PARAM_dtype, TI_DTYPE_F32);
    const bool json =
        ti_spec_choice(spec, TI_PARAM_format, TI_FORMAT_RAW) == TI_FORMAT_JSON;
    const char *number = value < 0 ? "-inf" : "inf";
    if (!ti_dtype_has_infinity(dtype)) {
        return ti_error_set(error, TI_EVALUE, "value",
                            "value=%s does not exist in %s, which has no infinities",
                            number, ti_dtype_name(dtype));
    }
    if (!json) return TI_OK;
    return ti_error_set(error, TI_EVALUE, "value",
                        "value=%s does not exist in JSON; other formats take it", number);
}

enum ti_status ti_scheme_constant(const struct ti_spec *spec,
                                  const struct ti_scheme *scheme,
                                  const struct ti_fans *fans, struct ti_dist *dist,
                                  struct ti_error *error) {
    (void)fans;
    if (scheme->numbers.needs_value) {
        const enum ti_status status =
            ti_scheme_needs(spec, scheme, TI_PARAM_value, "a number", error);
        if (status != TI_OK) return status;
    }
    /* the value of zeros and ones */
    const double own = scheme->numbers.value;
    const struct ti_integer own_integer = {true, false, (uint64_t)own};
    double value = ti_spec_number(spec, TI_PARAM_value, own);
    if (isinf(value)) {
        const enum ti_status status = check_infinity(spec, value, error);
        if (status != TI_OK) return status;
        dist->infinite = true;
    }
    dist->integer = spec->given[TI_PARAM_value] ? spec->constant : own_integer;
    dist->value_field = "value";
    dist->distribution = TI_DISTRIBUTION_CONSTANT;
    dist->low = dist->high = dist->mean = value;
    return TI_OK;
}
