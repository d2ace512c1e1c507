/* SPDX-License-Identifier: MIT */
/* Truncated normal distributions, for several families. */
#include <math.h>

#include "core/base/error.h"
#include "core/request/schemes/schemes.h"
#include "core/base/normal_cdf.h"

enum ti_status ti_dist_truncate(struct ti_dist *dist, double mean, double std,
                                struct ti_truncation cut, bool corrected,
                                const char *field, struct ti_error *error) {
    dist->mean = mean;
    dist->sigma = std;
    if (isinf(cut.low) && isinf(cut.high)) {
        dist->distribution = TI_DISTRIBUTION_NORMAL;
        return TI_OK;
    }
    dist->distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL;
    dist->z_low = cut.low;
    dist->z_high = cut.high;
    if (!corrected) return TI_OK;
    if (cut.low != -cut.high) {
        return ti_error_set(error, TI_EINAPPLICABLE, field,
                            "the std is corrected for truncation, which needs symmetric "
                            "bounds: truncation=c or -c,c, c above 0; other bounds need "
                            "corrected=false");
    }
    double tau, centre;
    ti_normal_moments(cut.low, cut.high, &centre, &tau);
    dist->sigma = std / tau;
    return TI_OK;
}
