/* SPDX-License-Identifier: MIT */
/* Properties of element types that only the core needs. */
#ifndef TI_DTYPE_H
#define TI_DTYPE_H

#include <stdbool.h>

#include <tensorinit/dtype.h>

/* The type as the headers of NPY and safetensors files name it. */
const char *ti_dtype_npy_descr(enum ti_dtype dtype);
const char *ti_dtype_safetensors(enum ti_dtype dtype);

/* The place of the type in safetensors files, from 0: the first types are the widest. */
unsigned ti_dtype_safetensors_rank(enum ti_dtype dtype);

/* Whether elements can be infinite: false for integers, bool and f8_e4m3. */
bool ti_dtype_has_infinity(enum ti_dtype dtype);

/* Writes an infinity of the sign of 'sign' to 'elem', of a dtype that has infinities. */
void ti_dtype_put_infinity(enum ti_dtype dtype, double sign, void *elem);

/* The value of an element; exact but for integers of more than 53 bits. */
double ti_dtype_value(enum ti_dtype dtype, const void *elem);

#endif
