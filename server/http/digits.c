/* SPDX-License-Identifier: MIT */
/* See digits.h. */
#include "server/http/digits.h"

size_t tid_digits_u64(uint64_t value, char text[TID_DIGITS_BYTES]) {
    char reversed[TID_DIGITS_BYTES];
    size_t length = 0;
    do {
        reversed[length++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < length; i++) text[i] = reversed[length - 1 - i];
    text[length] = '\0';
    return length;
}

size_t tid_digits_hex(uint64_t value, char text[TID_DIGITS_BYTES]) {
    text[0] = '0';
    text[1] = 'x';
    for (size_t i = 0; i < 16; i++)
        text[2 + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    text[18] = '\0';
    return 18;
}
