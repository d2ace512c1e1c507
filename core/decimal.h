#ifndef TI_DECIMAL_H
#define TI_DECIMAL_H
#include <stddef.h>
#include <tensorinit/dtype.h>
#define TI_DECIMAL_BYTES_MAX 32
size_t ti_decimal_f64(double v, char *out);
size_t ti_decimal_element(enum ti_dtype dtype, const void *elem, char *out);
#endif
