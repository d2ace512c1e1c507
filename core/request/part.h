/* SPDX-License-Identifier: MIT */
/*
 * The part of a tensor that a request selects by permute, slice and shard, as a strided
 * view. An element has the same value in every part.
 */
#ifndef TI_PART_H
#define TI_PART_H

#include "core/base/error.h"
#include "core/base/view.h"
#include "core/request/spec.h"

/* The indices selected along an axis: start, start + step, ... */
struct ti_selection {
    /* an index: selects one element and drops the axis */
    bool drops_axis;
    uint64_t start, count;
    int64_t step;
};

/* A resolved part, the same for all spellings of a request. */
struct ti_part {
    struct ti_view view;
    unsigned rank;
    /* the permutation */
    unsigned axis[TI_MAX_RANK];
    /* sizes and selections of the permuted axes */
    uint64_t dim[TI_MAX_RANK];
    struct ti_selection selection[TI_MAX_RANK];
};

/*
 * Resolves the part of the spec's shape: permute first, then slice or shard.
 *
 * Returns TI_OK; TI_EVALUE or TI_EINAPPLICABLE with the field at fault.
 */
enum ti_status ti_part_resolve(const struct ti_spec *spec, struct ti_part *part,
                               struct ti_error *error);

#endif
