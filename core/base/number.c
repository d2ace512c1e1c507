/* SPDX-License-Identifier: MIT */
/* The text of a number: include/tensorinit/number.h. */
#include <tensorinit/number.h>

#include <math.h>
#include <string.h>

#include "core/base/decimal.h"

_Static_assert(TI_NUMBER_TEXT_BYTES >= TI_DECIMAL_BYTES_MAX, "fits any decimal");

static size_t put_word(const char *word, char *out) {
    const size_t n = strlen(word);
    memcpy(out, word, n + 1);
    return n;
}

/* The decimal of Python's repr without ".0" and the '+' of exponents. */
size_t ti_number_text(double value, char out[TI_NUMBER_TEXT_BYTES]) {
    char text[TI_DECIMAL_BYTES_MAX];
    if (isnan(value)) return put_word("nan", out);
    if (isinf(value)) return put_word(value < 0 ? "-inf" : "inf", out);
    size_t n = ti_decimal_f64(value, text), used = 0;
    if (n > 2 && text[n - 1] == '0' && text[n - 2] == '.') n -= 2;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '+') out[used++] = text[i];
    }
    out[used] = '\0';
    return used;
}
