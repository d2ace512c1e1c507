/* SPDX-License-Identifier: MIT */
/*
 * What all fuzz targets share. A target defines LLVMFuzzerTestOneInput(), which libFuzzer
 * ('make fuzz') or replay.c ('make test') calls, and requires what holds for any input.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/tensorinit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, which libFuzzer takes for a crash, unless the condition holds. */
#define REQUIRE(condition)                                                               \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                                     \
        }                                                                                \
    } while (0)

/* FNV-1a: numbers that follow from the input, and digests to compare. */
#define FUZZ_HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t fuzz_hash(uint64_t state, const void *data, size_t bytes) {
    const unsigned char *byte = data;
    for (size_t i = 0; i < bytes; i++) state = (state ^ byte[i]) * 0x100000001b3;
    return state ^ state >> 29;
}

/* A copy of the input with a NUL behind it; exits if there is no memory. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    if (!text) exit(1);
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/*
 * Splits text at '\n' in place: returns the line at '*at' and moves to the next one. NULL
 * behind the last line.
 */
static inline char *fuzz_line(char **at) {
    char *line = *at;
    if (!line) return NULL;
    *at = strchr(line, '\n');
    if (*at) *(*at)++ = '\0';
    return line;
}

static inline void fuzz_check_printable(const char *text, size_t capacity_bytes) {
    REQUIRE(memchr(text, '\0', capacity_bytes));
    for (; *text; text++) REQUIRE(*text >= 0x20 && *text <= 0x7e);
}

/* An error has its code, a text in printable ASCII and perhaps a field. */
static inline void fuzz_check_error(enum ti_status status, const struct ti_error *error) {
    REQUIRE(status != TI_OK && error->code == status && *error->text);
    fuzz_check_printable(error->text, sizeof error->text);
    fuzz_check_printable(error->field, sizeof error->field);
}

#endif
