/* SPDX-License-Identifier: MIT */
/*
 * Zeros of sparse matrices: the same number in each column, at random places. Whether an
 * element is 0 depends on its index alone, so any part can be computed. docs/SPEC.md,
 * "Sparse".
 */
#ifndef TI_SPARSE_MASK_H
#define TI_SPARSE_MASK_H

#include <stddef.h>
#include <stdint.h>

#include "core/kernels/kernels.h"
#include "core/values/distribution.h"

/*
 * Clears the zeros among the elements of the blocks. 'count', a multiple of 4, elements
 * of 'bytes' bytes each are at 'out'; elements beyond the matrix may be cleared or not.
 */
void ti_sparse_mask_clear(const struct ti_sparse_mask *mask,
                          const struct ti_philox *philox,
                          const struct ti_kernels *kernels, struct ti_blocks blocks,
                          size_t count, size_t bytes, void *out);

#endif
