/* SPDX-License-Identifier: MIT */
/* What elements of an orthogonal matrix cost, and how many to compute at a time. */
#ifndef TI_ORTHOGONAL_COST_H
#define TI_ORTHOGONAL_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/values/sampler.h"
#include "core/base/view.h"

struct ti_rectangle;

/* Whether the vectors of the product run along the rectangle's rows, else along its columns. */
bool ti_orthogonal_along_rows(const struct ti_rectangle *rectangle);

/* Of an element, whatever the sum. */
#define TI_ORTHOGONAL_ELEM_NS 2.0

/* Of a tile, whatever its size. */
#define TI_ORTHOGONAL_TILE_NS 300.0

/* Of a term of the sums of 'across' times 'along' elements: nanoseconds of one core. 'copied':
   the lines along the kernel are not next to each other; 'stacked': they are of one of several
   matrices. */
double ti_orthogonal_term_ns(const struct ti_kernels *kernels, bool f64, size_t across,
                             size_t along, bool copied, bool stacked);

struct ti_orthogonal_cost {
    /* nanoseconds of one core for an element where the sums are longest, an order of
       magnitude, if bands are computed */
    double ns_per_elem;
    /* elements of a band, and of a line of the view, which bands end with if they have one */
    uint64_t band_elems, line_elems;
};

struct ti_orthogonal_cost ti_orthogonal_cost(const struct ti_sampler *sampler,
                                             const struct ti_kernels *kernels,
                                             const struct ti_view *view);

#endif
