/* SPDX-License-Identifier: MIT */
/* Truncating a normal law: shared by the families that do. */
#include <math.h>

#include "core/error.h"
#include "core/schemes/schemes.h"
#include "core/special.h"

enum ti_status ti_law_truncate(struct ti_law *law, double mean, double std,
                               struct ti_truncation cut, bool corrected,
                               struct ti_error *error) {
    law->mean = mean;
    law->sigma = std;
    if (isinf(cut.low) && isinf(cut.high)) {
        law->distribution = TI_DISTRIBUTION_NORMAL;
        return TI_OK;
    }
    law->distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL;
    law->z_low = cut.low;
    law->z_high = cut.high;
    if (!corrected) return TI_OK;
    if (cut.low != -cut.high) {
        return ti_error_set(error, TI_EINAPPLICABLE, "corrected",
                            "corrected=true needs symmetric bounds, truncation=c");
    }
    double tau, centre;
    ti_normal_moments(cut.low, cut.high, &centre, &tau);
    law->sigma = std / tau;
    return TI_OK;
}
