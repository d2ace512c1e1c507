/* SPDX-License-Identifier: MIT */
/*
 * A normal matrix with the same number of zeros in each column: Martens 2010, "Deep
 * learning via Hessian-free optimization", as PyTorch's sparse_.
 */
#include <math.h>

#include "core/request/schemes/schemes.h"

enum ti_status ti_scheme_sparse(const struct ti_spec *spec,
                                const struct ti_scheme *scheme,
                                const struct ti_fans *fans, struct ti_dist *dist,
                                struct ti_error *error) {
    const double sparsity = ti_spec_number(spec, TI_PARAM_sparsity, 0);
    (void)fans;
    enum ti_status status = ti_scheme_rank(spec, 2, error);
    if (status == TI_OK)
        status = ti_scheme_needs(spec, scheme, TI_PARAM_sparsity,
                                 "the fraction of zeros, from 0 to 1", error);
    if (status != TI_OK) return status;
    if (!(sparsity >= 0 && sparsity <= 1)) {
        return ti_error_set(error, TI_EVALUE, "sparsity",
                            "sparsity must be a number from 0 to 1");
    }
    if (spec->shape[0] > TI_SPARSE_ROWS_MAX || spec->shape[1] > TI_SPARSE_COLS_MAX) {
        return ti_error_set(error, TI_ETOOLARGE, "shape",
                            "scheme=sparse takes at most 2^32-1 rows and 2^58 columns");
    }
    dist->distribution = TI_DISTRIBUTION_SPARSE_NORMAL;
    dist->mask.rows = spec->shape[0];
    dist->mask.cols = spec->shape[1];
    dist->mask.zeros = (uint64_t)ceil(sparsity * (double)spec->shape[0]);
    return ti_scheme_std(spec, scheme, &dist->sigma, error);
}
