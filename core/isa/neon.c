/* SPDX-License-Identifier: MIT */
/* The kernels in NEON. Exports its table, nothing else. */
#include "core/vec/vec_neon.h"

#include "core/kernels/table.h"
