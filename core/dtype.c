/* SPDX-License-Identifier: MIT */
/* What there is to know of an element type without computing: the rows of TI_DTYPES. */
#include <tensorinit/dtype.h>

#include "core/dtype.h"

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
