/* SPDX-License-Identifier: MIT */
/* padding_idx=, as torch.nn.Embedding has it: plan.c applies it to what a scheme resolved. */
#include "core/request/schemes/schemes.h"

enum ti_status ti_dist_padding(const struct ti_spec *spec, struct ti_dist *dist,
                               struct ti_error *error) {
    if (!spec->given[TI_PARAM_padding_idx]) return TI_OK;
    const int64_t given = spec->value[TI_PARAM_padding_idx].integer;
    if (spec->rank == 0) {
        return ti_error_set(
            error, TI_EVALUE, "padding_idx",
            "padding_idx is an index of axis 0, which shape=scalar lacks");
    }
    const uint64_t rows = spec->shape[0];
    const uint64_t row = given < 0 ? rows + (uint64_t)given : (uint64_t)given;
    if (given < 0 ? 0 - (uint64_t)given > rows : row >= rows) {
        return ti_error_set(error, TI_EVALUE, "padding_idx",
                            "padding_idx=%lld does not exist: axis 0 has %llu places",
                            (long long)given, (unsigned long long)rows);
    }
    dist->zeros.count = 1;
    for (unsigned i = 1; i < spec->rank; i++) dist->zeros.count *= spec->shape[i];
    dist->zeros.first = row * dist->zeros.count;
    return TI_OK;
}
