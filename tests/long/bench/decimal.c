/* SPDX-License-Identifier: MIT */
/*
 * How fast numbers become decimals, on one thread: tab-separated rows of type and input, then
 * million numbers a second of core/base/decimal, of snprintf with as many digits as the type may
 * need, and of jansson's json_dumpb (which writes binary64) where its library is found. The
 * text is an array, "0.0123,-0.045,...". The three take turns, and the best of several rounds
 * counts: on a shared machine the others measure the neighbours.
 */
#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/decimal.h"
#include "support/random.h"

#define COUNT 16384
#define ROUNDS 40
#define PEER_ROUNDS 5

/* Values of the types as they are kept; and one text. */
static double values[COUNT];
static float floats[COUNT];
static char text[COUNT * (TI_DECIMAL_BYTES_MAX + 1)];

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Types and inputs ----------------------------------------------------------------------- */

struct type {
    const char *name;
    struct ti_decimal_type layout; /* all 0: binary64 */
    int digits;
    uint32_t mask; /* of a binary32 number's bits that the type has as well */
};

static const struct type types[] = {
    {"f32", {24, -149}, 9, 0xffffffff},
    {"f64", {0, 0}, 17, 0},
    {"f16", TI_DECIMAL_F16, 5, 0xffffe000},
    {"bf16", TI_DECIMAL_BF16, 4, 0xffff0000},
    {"f8_e4m3", TI_DECIMAL_F8_E4M3, 3, 0xfff00000},
};

static double normal(uint64_t *seed) {
    double radius = sqrt(-2 * log(1 - random_unit(seed)));
    return radius * cos(6.283185307179586 * random_unit(seed));
}

static double bits(uint64_t *seed, const struct type *type) {
    double value;
    do {
        uint64_t word = random_u64(seed);
        if (type->mask) {
            float narrow;
            uint32_t half = (uint32_t)word;
            memcpy(&narrow, &half, sizeof narrow);
            value = (double)narrow;
        } else {
            memcpy(&value, &word, sizeof value);
        }
    } while (!isfinite(value));
    return value;
}

/* Inputs: weights of a layer, larger numbers, and any bit patterns (not for small ranges). */
static const char *const inputs[] = {"he_normal", "normal * 100", "bit patterns"};

static bool make_values(const struct type *type, size_t input) {
    uint64_t seed = 42;
    bool wide = type->layout.exponent_min <= -133 || !type->mask;
    if (input == 2 && !wide) return false;
    for (size_t i = 0; i < COUNT; i++) {
        double value = input == 2 ? bits(&seed, type) : normal(&seed);
        if (input == 0) value *= 0.05; /* fan_in 784 */
        if (input == 1) value *= 100;
        if (type->mask) {
            float narrow = (float)value;
            uint32_t word;
            memcpy(&word, &narrow, sizeof word);
            word &= type->mask;
            memcpy(&narrow, &word, sizeof word);
            double step = ldexp(1, type->layout.exponent_min);
            if (!wide) narrow = (float)(trunc((double)narrow / step) * step);
            floats[i] = narrow;
            value = (double)narrow;
        }
        values[i] = value;
    }
    return true;
}

/* Writers -------------------------------------------------------------------------------- */

static size_t write_ours(const struct type *type) {
    char *at = text;
    if (!type->mask) {
        for (size_t i = 0; i < COUNT; i++, *at++ = ',')
            at += ti_decimal_f64(values[i], at);
    } else if (type->layout.significand_bits == 24) {
        for (size_t i = 0; i < COUNT; i++, *at++ = ',')
            at += ti_decimal_f32(floats[i], at);
    } else {
        for (size_t i = 0; i < COUNT; i++, *at++ = ',')
            at += ti_decimal_narrow(floats[i], type->layout, at);
    }
    return (size_t)(at - text);
}

static size_t write_snprintf(const struct type *type) {
    char *at = text;
    for (size_t i = 0; i < COUNT; i++, *at++ = ',')
        at += snprintf(at, TI_DECIMAL_BYTES_MAX, "%.*g", type->digits, values[i]);
    return (size_t)(at - text);
}

/* jansson, by its documented interface; found when run, so that building needs nothing. */
static void *(*make_array)(void);
static void *(*make_real)(double value);
static int (*append)(void *array, void *value);
static size_t (*dump)(const void *json, char *buffer, size_t size, size_t flags);
static void *array;

static bool find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static bool open_jansson(void) {
    void *library = dlopen("libjansson.so.4", RTLD_NOW);
    return library && find(library, "json_array", &make_array) &&
           find(library, "json_real", &make_real) &&
           find(library, "json_array_append_new", &append) &&
           find(library, "json_dumpb", &dump);
}

static size_t write_jansson(const struct type *type) {
    (void)type;
    return dump(array, text, sizeof text, 0x20); /* JSON_COMPACT */
}

/* Million numbers a second. */
static void measure(const struct type *type, size_t (*write)(const struct type *type),
                    double *best) {
    double start = seconds();
    write(type);
    double speed = COUNT / (seconds() - start) / 1e6;
    if (speed > *best) *best = speed;
}

int main(void) {
    const bool jansson = open_jansson();
    printf("type\tinput\tbytes\tdecimal\tsnprintf\tjansson\n");
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (size_t input = 0; input < sizeof inputs / sizeof *inputs; input++) {
            const struct type *type = &types[t];
            double ours = 0, printed = 0, dumped = 0;
            if (!make_values(type, input)) continue;
            if (jansson) { /* few enough to leave them to the end of the process */
                array = make_array();
                for (size_t i = 0; i < COUNT; i++) append(array, make_real(values[i]));
            }
            for (int round = 0; round < ROUNDS; round++) {
                measure(type, write_ours, &ours);
                if (round >= PEER_ROUNDS) continue;
                measure(type, write_snprintf, &printed);
                if (jansson) measure(type, write_jansson, &dumped);
            }
            double bytes = (double)write_ours(type) / COUNT;
            printf("%s\t%s\t%.1f\t%.1f\t%.1f\t", type->name, inputs[input], bytes, ours,
                   printed);
            if (jansson)
                printf("%.1f\n", dumped);
            else
                printf("not found\n");
        }
    }
    return 0;
}
