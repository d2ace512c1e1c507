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
 * TI_DTYPE(enumerator, name in requests, bytes, NPY descr, safetensors dtype, kind)
 *
 * numpy has no bfloat16 and no 8-bit floats: ml_dtypes saves them as opaque bytes, and so do
 * we. f8_e4m3 is the variant without infinities (e4m3fn). Whole types are for schemes of whole
 * numbers.
 */
// clang-format off
#define TI_DTYPES(TI_DTYPE)                                                                \
    TI_DTYPE(F32, "f32", 4, "<f4", "F32", FLOAT)                                           \
    TI_DTYPE(F64, "f64", 8, "<f8", "F64", FLOAT)                                           \
    TI_DTYPE(F16, "f16", 2, "<f2", "F16", FLOAT)                                           \
    TI_DTYPE(BF16, "bf16", 2, "<V2", "BF16", FLOAT)                                        \
    TI_DTYPE(F8_E4M3, "f8_e4m3", 1, "|V1", "F8_E4M3", FLOAT)                               \
    TI_DTYPE(F8_E5M2, "f8_e5m2", 1, "|V1", "F8_E5M2", FLOAT)                               \
    TI_DTYPE(I8, "i8", 1, "|i1", "I8", SIGNED)                                             \
    TI_DTYPE(I16, "i16", 2, "<i2", "I16", SIGNED)                                          \
    TI_DTYPE(I32, "i32", 4, "<i4", "I32", SIGNED)                                          \
    TI_DTYPE(I64, "i64", 8, "<i8", "I64", SIGNED)                                          \
    TI_DTYPE(U8, "u8", 1, "|u1", "U8", UNSIGNED)                                           \
    TI_DTYPE(U16, "u16", 2, "<u2", "U16", UNSIGNED)                                        \
    TI_DTYPE(U32, "u32", 4, "<u4", "U32", UNSIGNED)                                        \
    TI_DTYPE(U64, "u64", 8, "<u8", "U64", UNSIGNED)                                        \
    TI_DTYPE(BOOL, "bool", 1, "|b1", "BOOL", BOOL)
// clang-format on

/* What the numbers of a type are. */
enum ti_dtype_kind {
    TI_DTYPE_KIND_FLOAT,
    TI_DTYPE_KIND_SIGNED,
    TI_DTYPE_KIND_UNSIGNED,
    TI_DTYPE_KIND_BOOL,
};

enum ti_dtype {
#define TI_DTYPE(id, name, bytes, npy, safetensors, kind) TI_DTYPE_##id,
    TI_DTYPES(TI_DTYPE)
#undef TI_DTYPE
        TI_DTYPE_COUNT
};

/* Name as requests spell it ("bf16"), a static string; bytes of one element; kind. */
TI_API const char *ti_dtype_name(enum ti_dtype dtype);
TI_API size_t ti_dtype_bytes(enum ti_dtype dtype);
TI_API enum ti_dtype_kind ti_dtype_kind(enum ti_dtype dtype);

#ifdef __cplusplus
}
#endif

#endif
