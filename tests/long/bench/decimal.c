/* SPDX-License-Identifier: MIT */
/*
 * How fast numbers become decimals, on one thread: tab-separated rows of type and input, then
 * nanoseconds a number of core/base/decimal and of its peers: zmij and double-conversion, which
 * write the shortest decimal of binary32 and binary64, too; snprintf with as many digits as
 * the type may need; jansson's json_dumpb (which writes binary64). Those that are not found
 * are shown as "-". The text is an array, "0.0123,-0.045,...".
 *
 * All take turns, batch by batch, and the best time of each batch counts: on a shared machine
 * the others measure the neighbours. There are more numbers than branch predictors remember.
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

#define COUNT 131072
#define BATCH 2048
#define ROUNDS 20
#define SLOW_ROUNDS 3

/* Values of the types as they are kept; and one text. */
static double values[COUNT];
static float floats[COUNT];
static char text[BATCH * (TI_DECIMAL_BYTES_MAX + 1) + TI_DECIMAL_BYTES_MAX];

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
    bool f64 = type->layout.exponent_min <= -133 || !type->mask;
    if (input == 2 && !f64) return false;
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
            if (!f64) narrow = (float)(trunc((double)narrow / step) * step);
            floats[i] = narrow;
            value = (double)narrow;
        }
        values[i] = value;
    }
    return true;
}

/* Writers -------------------------------------------------------------------------------- */

/* Each writes a batch, and returns the length of the text. */
typedef size_t writer(const struct type *type, size_t first);

#define BATCH_OF(call)                                                                   \
    for (size_t i = first; i < first + BATCH; i++, *at++ = ',') at += call

static size_t write_canonical(const struct type *type, size_t first) {
    char *at = text;
    if (!type->mask)
        BATCH_OF(ti_decimal_f64(values[i], at));
    else if (type->layout.significand_bits == 24)
        BATCH_OF(ti_decimal_f32(floats[i], at));
    else
        BATCH_OF(ti_decimal_narrow(floats[i], type->layout, at));
    return (size_t)(at - text);
}

static size_t write_snprintf(const struct type *type, size_t first) {
    char *at = text;
    BATCH_OF((size_t)snprintf(at, TI_DECIMAL_BYTES_MAX, "%.*g", type->digits, values[i]));
    return (size_t)(at - text);
}

static bool find(void *library, const char *name, void *function) {
    void *symbol = library ? dlsym(library, name) : NULL;
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

/* A library of peers/. */
struct peer {
    size_t (*f64)(double value, char *out);
    size_t (*f32)(float value, char *out);
};

static struct peer zmij, conversion;

static bool open_peer(const char *program, const char *name, struct peer *peer) {
    char path[4096];
    const char *slash = strrchr(program, '/');
    int folder = slash ? (int)(slash - program) : 1;
    snprintf(path, sizeof path, "%.*s/peers/%s.so", folder, slash ? program : ".", name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return find(library, "peer_f64", &peer->f64) && find(library, "peer_f32", &peer->f32);
}

static size_t write_peer(const struct type *type, size_t first, const struct peer *peer) {
    char *at = text;
    if (type->mask)
        BATCH_OF(peer->f32(floats[i], at));
    else
        BATCH_OF(peer->f64(values[i], at));
    return (size_t)(at - text);
}

static size_t write_zmij(const struct type *type, size_t first) {
    return write_peer(type, first, &zmij);
}

static size_t write_conversion(const struct type *type, size_t first) {
    return write_peer(type, first, &conversion);
}

/* jansson, by its documented interface; found when run, so that building needs nothing. */
static void *(*make_array)(void);
static void *(*make_real)(double value);
static int (*append)(void *array, void *value);
static int (*clear)(void *array);
static size_t (*dump)(const void *json, char *buffer, size_t size, size_t flags);
static void *array;

static bool open_jansson(void) {
    void *library = dlopen("libjansson.so.4", RTLD_NOW);
    return find(library, "json_array", &make_array) &&
           find(library, "json_real", &make_real) &&
           find(library, "json_array_append_new", &append) &&
           find(library, "json_array_clear", &clear) &&
           find(library, "json_dumpb", &dump);
}

static size_t write_jansson(const struct type *type, size_t first) {
    (void)type;
    (void)first;
    return dump(array, text, sizeof text, 0x20); /* JSON_COMPACT */
}

/* Measuring ------------------------------------------------------------------------------ */

static struct {
    const char *name;
    writer *write;
    bool found, slow, f64_only; /* f64_only: does not know the types below binary32 */
} writers[] = {
    {"decimal", write_canonical, true, false, false},
    {"zmij", write_zmij, false, false, true},
    {"double-conversion", write_conversion, false, true, true},
    {"snprintf", write_snprintf, true, true, false},
    {"jansson", write_jansson, false, true, false},
};

#define WRITERS (sizeof writers / sizeof *writers)

/* Nanoseconds a number of each writer; bytes a number that is canonical. */
static double measure(const struct type *type, double nanoseconds[WRITERS]) {
    double bytes = 0;
    for (size_t w = 0; w < WRITERS; w++) nanoseconds[w] = 0;
    for (size_t first = 0; first < COUNT; first += BATCH) {
        double best[WRITERS];
        if (array) {
            clear(array);
            for (size_t i = first; i < first + BATCH; i++)
                append(array, make_real(values[i]));
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (size_t w = 0; w < WRITERS; w++) {
                if (!writers[w].found || (writers[w].slow && round >= SLOW_ROUNDS))
                    continue;
                double start = seconds();
                size_t n = writers[w].write(type, first);
                double took = seconds() - start;
                if (round == 0 || took < best[w]) best[w] = took;
                if (round == 0 && w == 0) bytes += (double)n / COUNT;
            }
        }
        for (size_t w = 0; w < WRITERS; w++)
            if (writers[w].found) nanoseconds[w] += best[w] * 1e9 / COUNT;
    }
    return bytes;
}

int main(int count, char **arguments) {
    const char *program = count > 0 ? arguments[0] : "";
    writers[1].found = open_peer(program, "zmij", &zmij);
    writers[2].found = open_peer(program, "double_conversion", &conversion);
    writers[4].found = open_jansson();
    if (writers[4].found) array = make_array(); /* left to the end of the process */
    printf("type\tinput\tbytes");
    for (size_t w = 0; w < WRITERS; w++) printf("\t%s", writers[w].name);
    printf("\n");
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const struct type *type = &types[t];
        for (size_t input = 0; input < sizeof inputs / sizeof *inputs; input++) {
            double nanoseconds[WRITERS];
            if (!make_values(type, input)) continue;
            double bytes = measure(type, nanoseconds);
            printf("%s\t%s\t%.1f", type->name, inputs[input], bytes);
            for (size_t w = 0; w < WRITERS; w++) {
                if (!writers[w].found || (writers[w].f64_only && type->digits < 9))
                    printf("\t-");
                else
                    printf("\t%.1f", nanoseconds[w]);
            }
            printf("\n");
        }
    }
    return 0;
}
