/* SPDX-License-Identifier: MIT */
/* Properties of element types that only the core needs. */
#ifndef TI_DTYPE_H
#define TI_DTYPE_H

#include <tensorinit/dtype.h>

/* The type as the headers of NPY and safetensors files name it. */
const char *ti_dtype_npy_descr(enum ti_dtype dtype);
const char *ti_dtype_safetensors(enum ti_dtype dtype);

/* The value of an element; exact but for integers of more than 53 bits. */
double ti_dtype_value(enum ti_dtype dtype, const void *elem);

#endif
