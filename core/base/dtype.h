/* SPDX-License-Identifier: MIT */
/* The parts of an element type's row that only the core needs. */
#ifndef TI_DTYPE_H
#define TI_DTYPE_H

#include <tensorinit/dtype.h>

/* The type as the headers of NPY and safetensors files name it. */
const char *ti_dtype_npy_descr(enum ti_dtype dtype);
const char *ti_dtype_safetensors(enum ti_dtype dtype);

/* The number that an element is; exact but for whole numbers of more than 53 bits. */
double ti_dtype_value(enum ti_dtype dtype, const void *elem);

#endif
