/* SPDX-License-Identifier: MIT */
/* The kernels in plain C. Exports its table, nothing else. */
#include "core/vec/vec_portable.h"

#include "core/kernels/table.h"
