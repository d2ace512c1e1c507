/* SPDX-License-Identifier: MIT */
/*
 * Bands of an orthogonal tensor. The elements of some rows share most of what it takes to compute
 * them: a row of 6000 by 6000 alone costs nearly as much as 16 of them. So a reader that goes
 * through the tensor in small steps has a band of rows computed first, step by step as well, and
 * takes its elements from there. The band is in the reader's workspace.
 */
#ifndef TI_ORTHOGONAL_BAND_H
#define TI_ORTHOGONAL_BAND_H

#include "core/orthogonal/orthogonal_cost.h"
#include "core/orthogonal/orthogonal_fill.h"

size_t ti_orthogonal_workspace_bytes(enum ti_dtype dtype,
                                     const struct ti_orthogonal_cost *cost);

/* The workspace has no band. */
void ti_orthogonal_workspace_init(void *workspace);

/*
 * Computes the band that begins with element 'first' of what is to be read, [first, end), for
 * about 'max_ns'. Returns how many elements from 'first' on a band has; 0 if it is not complete.
 */
uint64_t ti_orthogonal_prepare(const struct ti_orthogonal *orthogonal,
                               const struct ti_orthogonal_cost *cost, uint64_t first,
                               uint64_t end, double max_ns, void *workspace);

/* Writes a range: what the band has of it is copied, the rest is computed. */
void ti_orthogonal_fill(const struct ti_orthogonal *orthogonal,
                        struct ti_orthogonal_range range, void *workspace);

#endif
