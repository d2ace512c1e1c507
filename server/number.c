/* SPDX-License-Identifier: MIT */
/*
 * Shortest decimal text that reads back. The daemon never calls setlocale(), so the decimal
 * point is a point.
 */
#include "number.h"

#include <stdio.h>
#include <stdlib.h>

static int digits_and_text(double value, char text[TID_NUMBER_BYTES])
{
    int digits = 15;

    for (; digits < 17; digits++) {
        snprintf(text, TID_NUMBER_BYTES, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return digits;
    }
    snprintf(text, TID_NUMBER_BYTES, "%.*g", digits, value);
    return digits;
}

int tid_number_digits(double value)
{
    char text[TID_NUMBER_BYTES];

    return digits_and_text(value, text);
}

const char *tid_number_text(double value, char text[TID_NUMBER_BYTES])
{
    digits_and_text(value, text);
    return text;
}
