/* SPDX-License-Identifier: MIT */
/*
 * Zeros of sparse matrices: in each column the same number, at places that any element can
 * tell for itself. docs/SPEC.md, "Sparse", defines them.
 */
#ifndef TI_SPARSE_MASK_H
#define TI_SPARSE_MASK_H

#include <stddef.h>
#include <stdint.h>

#include "core/kernels/kernels.h"
#include "core/values/distribution.h"

/*
 * Clears those of the elements of the blocks that are zeros. 'count' elements of 'bytes' bytes
 * each, a multiple of 4, are at 'out'; what lies beyond the matrix may be cleared or not.
 */
void ti_sparse_mask_clear(const struct ti_sparse_mask *mask,
                          const struct ti_philox *philox,
                          const struct ti_kernels *kernels, struct ti_blocks blocks,
                          size_t count, size_t bytes, void *out);

#endif
