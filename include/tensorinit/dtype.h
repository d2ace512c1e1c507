/* SPDX-License-Identifier: MIT */
/*
 * Element types. Bodies are little-endian whatever the host.
 */
#ifndef TENSORINIT_DTYPE_H
#define TENSORINIT_DTYPE_H

#include <stddef.h>

#include <tensorinit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * TI_DTYPE(enumerator, name in requests, bytes, NPY descr)
 *
 * numpy has no bfloat16: ml_dtypes saves it as two opaque bytes, and so do we.
 */
#define TI_DTYPES(TI_DTYPE)                                                              \
    TI_DTYPE(F32, "f32", 4, "<f4")                                                       \
    TI_DTYPE(F64, "f64", 8, "<f8")                                                       \
    TI_DTYPE(F16, "f16", 2, "<f2")                                                       \
    TI_DTYPE(BF16, "bf16", 2, "<V2")

enum ti_dtype {
#define TI_DTYPE(id, name, bytes, npy) TI_DTYPE_##id,
    TI_DTYPES(TI_DTYPE)
#undef TI_DTYPE
        TI_DTYPE_COUNT
};

/* Name as requests spell it ("bf16"); bytes of one element. Static strings. */
TI_API const char *ti_dtype_name(enum ti_dtype dtype);
TI_API size_t ti_dtype_bytes(enum ti_dtype dtype);

#ifdef __cplusplus
}
#endif

#endif
