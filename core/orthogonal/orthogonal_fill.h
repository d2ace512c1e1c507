/* SPDX-License-Identifier: MIT */
/*
 * Orthogonal matrices: docs/SPEC.md, "Orthogonal". With V and T of a setup, an element is
 *
 *     (sign if on the diagonal, else 0) - sum over l of V[l][r] * T[l][i]
 *
 * for r on the longer and i on the shorter side. Both are upper triangular, so that the sum ends
 * at the smaller of r and i.
 */
#ifndef TI_ORTHOGONAL_FILL_H
#define TI_ORTHOGONAL_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/values/sampler.h"
#include "core/base/view.h"

struct ti_factor;

/*
 * Writes elements [first, first + count) of a simplified view of the tensor to 'out', which has
 * any alignment.
 *
 *   setup      complete, and of this draw's matrix
 *   workspace  ti_orthogonal_workspace_bytes(), aligned to 64
 */
void ti_orthogonal_fill(const struct ti_sampler *sampler, const struct ti_factor *factor,
                        const struct ti_kernels *kernels, const struct ti_view *view,
                        uint64_t first, uint64_t count, void *out, void *workspace);

size_t ti_orthogonal_workspace_bytes(enum ti_dtype dtype);

#endif
