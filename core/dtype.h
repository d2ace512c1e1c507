/* SPDX-License-Identifier: MIT */
/* The part of an element type's row that only the core needs. */
#ifndef TI_DTYPE_H
#define TI_DTYPE_H

#include <tensorinit/dtype.h>

/* The type as the header of an NPY file names it. */
const char *ti_dtype_npy_descr(enum ti_dtype dtype);

#endif
