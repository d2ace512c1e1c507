/* SPDX-License-Identifier: MIT */
/*
 * Elements of orthogonal matrices from their factorization (docs/SPEC.md, "Orthogonal").
 * Element r of the longer and i of the shorter side is
 *
 *     (sign[i] if r == i, else 0) - sum over l of V[l][r] * T[l][i]
 *
 * V and T are upper triangular, so the sum ends at l = min(r, i).
 */
#ifndef TI_ORTHOGONAL_FILL_H
#define TI_ORTHOGONAL_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/values/sampler.h"
#include "core/base/view.h"

/* Lines that a tile of the product has along the kernel; across it are TI_BLOCK. */
#define TI_TILE_COLS ((size_t)512)

struct ti_orthogonal_factor;
struct ti_rectangle;

/*
 * Writes elements [first, first + count) of a simplified view of the tensor to 'out',
 * which has any alignment.
 *
 *   factor     complete, and of the sampler's matrices that these elements are of; may be NULL if
 *              count is 0
 *   workspace  ti_orthogonal_workspace_bytes(), aligned to 64; may be NULL if count is 0
 */
void ti_orthogonal_fill(const struct ti_sampler *sampler,
                        const struct ti_orthogonal_factor *factor,
                        const struct ti_kernels *kernels, const struct ti_view *view,
                        uint64_t first, uint64_t count, void *out, void *workspace);

size_t ti_orthogonal_workspace_bytes(enum ti_dtype dtype);

/* Whether the vectors of the product run along the rectangle's rows, else along its columns. */
bool ti_orthogonal_along_rows(const struct ti_rectangle *rectangle);

/*
 * Nanoseconds of one core that ti_orthogonal_fill() takes for an element of the view, where
 * the sums are longest: an order of magnitude.
 */
double ti_orthogonal_ns_per_elem(const struct ti_sampler *sampler,
                                 const struct ti_kernels *kernels,
                                 const struct ti_view *view);

#endif
