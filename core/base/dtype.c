/* SPDX-License-Identifier: MIT */
/* Properties of element types: the rows of TI_DTYPES. */
#include <tensorinit/dtype.h>

#include "core/base/dtype.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const struct dtype_row {
    const char *name, *npy_descr, *safetensors;
    size_t bytes;
    enum ti_dtype_kind kind;
    struct ti_float_format format;
} dtype_rows[] = {
#define TI_DTYPE(id, name, bytes, npy, safetensors, kind, exponent_bits, fraction_bits,  \
                 bias, max)                                                              \
    {name,                                                                               \
     npy,                                                                                \
     safetensors,                                                                        \
     bytes,                                                                              \
     TI_DTYPE_KIND_##kind,                                                               \
     {exponent_bits, fraction_bits, bias, max}},
    TI_DTYPES(TI_DTYPE)
#undef TI_DTYPE
};

static const struct dtype_row *row_of(enum ti_dtype dtype) {
    static const struct dtype_row none = {.name = "", .npy_descr = "", .safetensors = ""};
    return (unsigned)dtype < TI_DTYPE_COUNT ? &dtype_rows[dtype] : &none;
}

const char *ti_dtype_name(enum ti_dtype dtype) { return row_of(dtype)->name; }
size_t ti_dtype_bytes(enum ti_dtype dtype) { return row_of(dtype)->bytes; }
enum ti_dtype_kind ti_dtype_kind(enum ti_dtype dtype) { return row_of(dtype)->kind; }
const char *ti_dtype_npy_descr(enum ti_dtype dtype) { return row_of(dtype)->npy_descr; }
const char *ti_dtype_safetensors(enum ti_dtype dtype) {
    return row_of(dtype)->safetensors;
}

unsigned ti_dtype_safetensors_rank(enum ti_dtype dtype) {
    /* The order of its enum Dtype (safetensors/src/tensor.rs), from the last. */
    static const enum ti_dtype order[] = {
        TI_DTYPE_U64,     TI_DTYPE_I64,     TI_DTYPE_F64, TI_DTYPE_F32, TI_DTYPE_U32,
        TI_DTYPE_I32,     TI_DTYPE_BF16,    TI_DTYPE_F16, TI_DTYPE_U16, TI_DTYPE_I16,
        TI_DTYPE_F8_E4M3, TI_DTYPE_F8_E5M2, TI_DTYPE_I8,  TI_DTYPE_U8,  TI_DTYPE_BOOL,
    };
    _Static_assert(sizeof order / sizeof *order == TI_DTYPE_COUNT, "each dtype once");
    unsigned rank = 0;
    while (rank + 1 < TI_DTYPE_COUNT && order[rank] != dtype) rank++;
    return rank;
}

const struct ti_float_format *ti_dtype_float_format(enum ti_dtype dtype) {
    const struct dtype_row *row = row_of(dtype);
    return row->format.exponent_bits > 0 ? &row->format : NULL;
}

bool ti_dtype_has_infinity(enum ti_dtype dtype) {
    const struct ti_float_format *format = ti_dtype_float_format(dtype);
    int exponent; /* max is below 2^exponent */
    if (!format) return false;
    (void)frexp(format->max, &exponent);
    /* IEEE 754 keeps the largest exponent for infinities and NaNs. */
    return exponent == (1 << format->exponent_bits) - 1 - format->bias;
}

void ti_dtype_put_infinity(enum ti_dtype dtype, double sign, void *elem) {
    const struct ti_float_format *format = ti_dtype_float_format(dtype);
    uint64_t bits = (UINT64_C(1) << format->exponent_bits) - 1;
    if (signbit(sign)) bits |= UINT64_C(1) << format->exponent_bits;
    bits <<= format->fraction_bits;
    memcpy(elem, &bits, ti_dtype_bytes(dtype)); /* little-endian, as every element */
}

/* The value of a float narrower than binary64. */
static double value_of(uint64_t bits, const struct ti_float_format *format) {
    const unsigned fraction_bits = format->fraction_bits;
    const uint64_t fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
    const uint64_t exponent =
        bits >> fraction_bits & ((UINT64_C(1) << format->exponent_bits) - 1);
    const uint64_t sign = bits >> (format->exponent_bits + fraction_bits) & 1;
    const uint64_t rebias = (uint64_t)(1023 - format->bias);
    double value;
    uint64_t widened_bits = (exponent + rebias) << 52 | fraction << (52 - fraction_bits);
    if (exponent == 0) { /* subnormal: a multiple of the smallest one */
        const uint64_t smallest = (rebias + 1 - fraction_bits) << 52;
        memcpy(&value, &smallest, sizeof value);
        value = (double)fraction * value;
        memcpy(&widened_bits, &value, sizeof widened_bits);
    }
    widened_bits |= sign << 63;
    memcpy(&value, &widened_bits, sizeof value);
    /* Infinities have the exponent after that of the max. */
    return fabs(value) > format->max ? copysign(INFINITY, value) : value;
}

/* The bits of an element. Sizes are constants, so that no memcpy is a call. */
static uint64_t bits_of(const void *elem, size_t bytes) {
    uint64_t raw = 0;
    if (bytes == 1) memcpy(&raw, elem, 1);
    if (bytes == 2) memcpy(&raw, elem, 2);
    if (bytes == 4) memcpy(&raw, elem, 4);
    if (bytes == 8) memcpy(&raw, elem, 8);
    return raw;
}

double ti_dtype_value(enum ti_dtype dtype, const void *elem) {
    const size_t bits = 8 * ti_dtype_bytes(dtype);
    const uint64_t raw = bits_of(elem, bits / 8);
    double value;
    if (dtype == TI_DTYPE_F64) {
        memcpy(&value, elem, sizeof value);
        return value;
    }
    if (ti_dtype_kind(dtype) == TI_DTYPE_KIND_FLOAT) {
        return value_of(raw, ti_dtype_float_format(dtype));
    }
    if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_SIGNED) return (double)raw;
    return (double)((int64_t)(raw << (64 - bits)) >> (64 - bits));
}
