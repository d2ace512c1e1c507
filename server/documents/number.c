/* SPDX-License-Identifier: MIT */
/*
 * Numbers as text: see number.h.
 */
#include "server/documents/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t tid_number_u64(uint64_t value, char text[TID_NUMBER_BYTES]) {
    char reversed[TID_NUMBER_BYTES];
    size_t length = 0;

    do {
        reversed[length++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < length; i++) text[i] = reversed[length - 1 - i];
    text[length] = '\0';
    return length;
}

size_t tid_number_hex(uint64_t value, char text[TID_NUMBER_BYTES]) {
    text[0] = '0';
    text[1] = 'x';
    for (size_t i = 0; i < 16; i++)
        text[2 + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    text[18] = '\0';
    return 18;
}

/* The daemon never calls setlocale(), so the decimal point is a point. */
static size_t shortest(double value, char text[TID_NUMBER_BYTES], int *digits) {
    int length = 0;

    for (*digits = 15; *digits <= 17; ++*digits) {
        length = snprintf(text, TID_NUMBER_BYTES, "%.*g", *digits, value);
        if (*digits == 17 || strtod(text, NULL) == value) break;
    }
    return (size_t)length;
}

/*
 * A search for the shortest text takes microseconds, a twentieth of a small answer, and
 * the tensors of a model share a few standard deviations. So each thread remembers some.
 */
struct remembered {
    uint64_t bits;
    size_t length; /* 0: nothing is remembered here */
    int digits;
    char text[TID_NUMBER_BYTES];
};

#define REMEMBERED 64

size_t tid_number_real(double value, char text[TID_NUMBER_BYTES], int *digits) {
    static _Thread_local struct remembered table[REMEMBERED];
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    /* Fibonacci hashing: the bits of round numbers differ at the top only. */
    struct remembered *entry = &table[bits * UINT64_C(0x9e3779b97f4a7c15) >> 58];
    if (entry->length == 0 || entry->bits != bits) {
        entry->length = shortest(value, entry->text, &entry->digits);
        entry->bits = bits;
    }
    memcpy(text, entry->text, entry->length + 1);
    if (digits != NULL) *digits = entry->digits;
    return entry->length;
}
