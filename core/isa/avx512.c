/* SPDX-License-Identifier: MIT */
/* The kernels in AVX512. Exports its table, nothing else. */
#include "core/vec/vec_avx512.h"

#include "core/kernels/table.h"
