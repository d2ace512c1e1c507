/* SPDX-License-Identifier: MIT */
/* What there is to know of an element type without computing: the rows of TI_DTYPES. */
#include <tensorinit/dtype.h>

#include "core/dtype.h"

#include <stdint.h>
#include <string.h>

static const struct {
    const char *name, *npy_descr, *safetensors;
    size_t bytes;
    enum ti_dtype_kind kind;
} dtype_rows[] = {
#define TI_DTYPE(id, name, bytes, npy, safetensors, kind)                                \
    {name, npy, safetensors, bytes, TI_DTYPE_KIND_##kind},
    TI_DTYPES(TI_DTYPE)
#undef TI_DTYPE
};

const char *ti_dtype_name(enum ti_dtype dtype) { return dtype_rows[dtype].name; }
size_t ti_dtype_bytes(enum ti_dtype dtype) { return dtype_rows[dtype].bytes; }
enum ti_dtype_kind ti_dtype_kind(enum ti_dtype dtype) { return dtype_rows[dtype].kind; }
const char *ti_dtype_npy_descr(enum ti_dtype dtype) {
    return dtype_rows[dtype].npy_descr;
}
const char *ti_dtype_safetensors(enum ti_dtype dtype) {
    return dtype_rows[dtype].safetensors;
}

/* A float of sign, exponent and 'significand_bits', put together as binary64. */
static double widened(uint64_t bits, unsigned exponent_bits, unsigned significand_bits) {
    const uint64_t bias = (1u << (exponent_bits - 1)) - 1;
    const uint64_t significand = bits & ((1u << significand_bits) - 1);
    const uint64_t exponent = bits >> significand_bits & ((1u << exponent_bits) - 1);
    const uint64_t sign = bits >> (exponent_bits + significand_bits) & 1;
    double value, unit;
    uint64_t wide = (exponent + 1023 - bias) << 52 | significand
                                                         << (52 - significand_bits);
    if (exponent == 0) { /* subnormal: a multiple of the least one */
        const uint64_t least = (1024 - bias - significand_bits) << 52;
        memcpy(&unit, &least, sizeof unit);
        value = (double)significand * unit;
        memcpy(&wide, &value, sizeof wide);
    }
    wide |= sign << 63;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/* The bits of an element; sizes that the compiler knows, for a call of memcpy is slow. */
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
    float single;
    double value;
    switch (dtype) {
    case TI_DTYPE_F32:
        memcpy(&single, elem, sizeof single);
        return (double)single;
    case TI_DTYPE_F64:
        memcpy(&value, elem, sizeof value);
        return value;
    case TI_DTYPE_F16:
        return widened(raw, 5, 10);
    case TI_DTYPE_BF16:
        return widened(raw, 8, 7);
    case TI_DTYPE_F8_E4M3:
        return widened(raw, 4, 3);
    case TI_DTYPE_F8_E5M2:
        return widened(raw, 5, 2);
    default:
        break;
    }
    if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_SIGNED) return (double)raw;
    return (double)((int64_t)(raw << (64 - bits)) >> (64 - bits));
}
