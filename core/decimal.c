#include "core/decimal.h"
#include <stdio.h>
#include <string.h>
size_t ti_decimal_f64(double v, char *out) { return (size_t)sprintf(out, "%.17g", v); }
size_t ti_decimal_element(enum ti_dtype dtype, const void *elem, char *out) {
    float f = 0;
    if (dtype == TI_DTYPE_F32) memcpy(&f, elem, 4);
    return ti_decimal_f64(f, out);
}
