/* SPDX-License-Identifier: MIT */
/*
 * Element types. Elements are little-endian on every host.
 */
#ifndef TENSORINIT_DTYPE_H
#define TENSORINIT_DTYPE_H

#include <stddef.h>

#include <tensorinit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * TI_DTYPE(enumerator, name in requests, bytes, NPY descr, safetensors dtype, kind,
 *          exponent bits, fraction bits, bias, max)
 *
 * The last four are those of floating-point types (struct ti_float_format), else 0. numpy
 * has no bfloat16 and no 8-bit floats: ml_dtypes saves them as opaque bytes, and so do
 * we. f8_e4m3 is the variant without infinities (e4m3fn).
 */
// clang-format off
#define TI_DTYPES(TI_DTYPE)                                                              \
    TI_DTYPE(F32, "f32", 4, "<f4", "F32", FLOAT, 8, 23, 127, 0x1.fffffep127)             \
    TI_DTYPE(F64, "f64", 8, "<f8", "F64", FLOAT, 11, 52, 1023, 0x1.fffffffffffffp1023)   \
    TI_DTYPE(F16, "f16", 2, "<f2", "F16", FLOAT, 5, 10, 15, 65504)                       \
    TI_DTYPE(BF16, "bf16", 2, "<V2", "BF16", FLOAT, 8, 7, 127, 0x1.fep127)               \
    TI_DTYPE(F8_E4M3, "f8_e4m3", 1, "|V1", "F8_E4M3", FLOAT, 4, 3, 7, 448)               \
    TI_DTYPE(F8_E5M2, "f8_e5m2", 1, "|V1", "F8_E5M2", FLOAT, 5, 2, 15, 57344)            \
    TI_DTYPE(I8, "i8", 1, "|i1", "I8", SIGNED, 0, 0, 0, 0)                               \
    TI_DTYPE(I16, "i16", 2, "<i2", "I16", SIGNED, 0, 0, 0, 0)                            \
    TI_DTYPE(I32, "i32", 4, "<i4", "I32", SIGNED, 0, 0, 0, 0)                            \
    TI_DTYPE(I64, "i64", 8, "<i8", "I64", SIGNED, 0, 0, 0, 0)                            \
    TI_DTYPE(U8, "u8", 1, "|u1", "U8", UNSIGNED, 0, 0, 0, 0)                             \
    TI_DTYPE(U16, "u16", 2, "<u2", "U16", UNSIGNED, 0, 0, 0, 0)                          \
    TI_DTYPE(U32, "u32", 4, "<u4", "U32", UNSIGNED, 0, 0, 0, 0)                          \
    TI_DTYPE(U64, "u64", 8, "<u8", "U64", UNSIGNED, 0, 0, 0, 0)                          \
    TI_DTYPE(BOOL, "bool", 1, "|b1", "BOOL", BOOL, 0, 0, 0, 0)
// clang-format on

/* What kind of number an element is. */
enum ti_dtype_kind {
    TI_DTYPE_KIND_FLOAT,
    TI_DTYPE_KIND_SIGNED,
    TI_DTYPE_KIND_UNSIGNED,
    TI_DTYPE_KIND_BOOL,
};

enum ti_dtype {
#define TI_DTYPE(id, ...) TI_DTYPE_##id,
    TI_DTYPES(TI_DTYPE)
#undef TI_DTYPE
        TI_DTYPE_COUNT
};

/* The name in requests ("bf16"), a static string; "" for a number that is not a dtype. */
TI_API const char *ti_dtype_name(enum ti_dtype dtype);

/* The size of one element in bytes; 0 for a number that is not a dtype. */
TI_API size_t ti_dtype_bytes(enum ti_dtype dtype);

/* The kind of the elements; TI_DTYPE_KIND_FLOAT for a number that is not a dtype. */
TI_API enum ti_dtype_kind ti_dtype_kind(enum ti_dtype dtype);

/*
 * Layout of a floating-point type, as IEEE 754 has it: one sign bit, the exponent, the
 * fraction. The smallest normal number is 2^(1 - bias), the smallest positive subnormal
 * 2^(1 - bias - fraction_bits).
 */
struct ti_float_format {
    unsigned exponent_bits, fraction_bits;
    int bias;
    /* the largest finite number */
    double max;
};

/* The layout, static; NULL for integers, bool and numbers that are not a dtype. */
TI_API const struct ti_float_format *ti_dtype_float_format(enum ti_dtype dtype);

#ifdef __cplusplus
}
#endif

#endif
