/* SPDX-License-Identifier: MIT */
/* Which kernel table fills: no one else asks the CPU or chooses. */
#ifndef TI_DISPATCH_H
#define TI_DISPATCH_H

#include "core/base/error.h"
#include "core/kernels/kernels.h"

/*
 * The table for this process, chosen at the first call: what TENSORINIT_ISA names, else the
 * best that the CPU has. TI_EISA, at every call, if the one that it names is not available.
 */
enum ti_status ti_dispatch(const struct ti_kernels **kernels, struct ti_error *error);

/* A table by name, NULL if this build or CPU lacks it. */
const struct ti_kernels *ti_dispatch_find(const char *name);

/* The tables that this build and CPU have, slowest (portable) first; NULL beyond the last. */
const struct ti_kernels *ti_dispatch_at(size_t index);

#endif
