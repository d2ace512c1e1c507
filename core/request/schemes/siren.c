/* SPDX-License-Identifier: MIT */
/*
 * Layers before a sine: Sitzmann, Martel, Bergman, Lindell, Wetzstein, "Implicit neural
 * representations with periodic activation functions", 2020, section 3.2 and its code.
 */
#include <math.h>

#include "core/request/schemes/schemes.h"

enum ti_status ti_scheme_siren(const struct ti_spec *spec, const struct ti_scheme *scheme,
                               const struct ti_fans *fans, struct ti_dist *dist,
                               struct ti_error *error) {
    const bool first = ti_spec_flag(spec, TI_PARAM_first, false);
    const double omega = ti_spec_number(spec, TI_PARAM_omega, 30);
    (void)scheme;
    if (first && spec->given[TI_PARAM_omega]) {
        return ti_error_set(
            error, TI_EINAPPLICABLE, "omega",
            "omega requires first=false: the bound of the first layer is 1/n for "
            "every omega");
    }
    const enum ti_status status = ti_scheme_above_zero(omega, "omega", error);
    if (status != TI_OK) return status;
    dist->distribution = TI_DISTRIBUTION_UNIFORM;
    dist->symmetric = true;
    /* A tensor whose fan is 0 has no elements. */
    if (fans->n > 0) dist->high = first ? 1 / fans->n : sqrt(6 / fans->n) / omega;
    dist->low = -dist->high;
    return TI_OK;
}
