/* SPDX-License-Identifier: MIT */
/* The kernels in AVX2. Exports its table, nothing else. */
#include "core/vec/vec_avx2.h"

#include "core/kernels/table.h"
