/* SPDX-License-Identifier: MIT */
/*
 * Every instruction set of this machine against the portable one, function by function, on
 * random input and at the edges of the octaves: the same bits, from and to buffers of any
 * alignment that lie against pages that must not be touched.
 */
#include <math.h>
#include <stdio.h>

#include "core/kernels/dispatch.h"
#include "core/values/sampler.h"
#include "support/fence.h"
#include "support/oracle.h"
#include "support/random.h"
#include "support/test.h"
#include "support/values.h"

#define COUNT_MAX (8 * TI_TILE_WORDS)
#define BYTES_MAX (4 * (size_t)COUNT_MAX)
#define F64_MAX (2 * BYTES_MAX) /* of binary64 */

static uint64_t random_state;

/* Fenced input, output of the one and of the other. */
static struct fence in_fence, fences[2];

static int open_fences(void **state) {
    (void)state;
    in_fence = fence_make(F64_MAX + 64);
    for (int i = 0; i < 2; i++) fences[i] = fence_make(F64_MAX + 64);
    random_state = 20;
    return 0;
}

static int close_fences(void **state) {
    (void)state;
    fence_free(&in_fence);
    for (int i = 0; i < 2; i++) fence_free(&fences[i]);
    return 0;
}

/* One call: the output's place is chosen by the caller. */
struct call {
    const struct ti_sampler *sampler;
    enum ti_dtype dtype;
    struct ti_blocks blocks;
    size_t count;
    const unsigned char *in;
};
typedef void runner(const struct ti_kernels *kernels, const struct call *call, void *out);

static void run_sample(const struct ti_kernels *kernels, const struct call *call,
                       void *out) {
    kernels->sample[call->sampler->kernel](&call->sampler->philox,
                                           &call->sampler->transform, call->blocks,
                                           call->count, out);
}
static void run_map(const struct ti_kernels *kernels, const struct call *call,
                    void *out) {
    kernels->map[call->sampler->kernel](&call->sampler->transform, call->in, call->count,
                                        out);
}
static void run_sample_f64(const struct ti_kernels *kernels, const struct call *call,
                           void *out) {
    kernels->sample_f64[call->sampler->kernel](&call->sampler->philox,
                                               &call->sampler->transform, call->blocks,
                                               call->count, out);
}
/* The high halves of the words come first. */
static void run_map_f64(const struct ti_kernels *kernels, const struct call *call,
                        void *out) {
    kernels->map_f64[call->sampler->kernel](&call->sampler->transform, call->in,
                                            call->in + 4 * call->count, call->count, out);
}
static void run_clamp(const struct ti_kernels *kernels, const struct call *call,
                      void *out) {
    memcpy(out, call->in, 4 * call->count);
    kernels->clamp(&call->sampler->transform, call->count, out);
}
static void run_narrow(const struct ti_kernels *kernels, const struct call *call,
                       void *out) {
    kernels->narrow[call->dtype](call->in, call->count, out);
}

/* Calls it on all, with the output at the end, at the start and at an odd place between. */
static void compare(const char *what, runner *run, const struct call *call,
                    size_t out_bytes) {
    const struct ti_kernels *kernels;
    const size_t odd = random_below(&random_state, 64);
    for (size_t k = 1; (kernels = ti_dispatch_at(k)); k++) {
        const size_t capacity = (size_t)(fences[0].end - fences[0].start);
        const size_t places[] = {capacity - out_bytes, 0, odd};
        for (size_t i = 0; i < COUNT_OF(places); i++) {
            unsigned char *expected = fences[0].start + places[i];
            unsigned char *out = fences[1].start + places[i];
            memset(fences[0].start, 0x55, capacity);
            memset(fences[1].start, 0x55, capacity);
            run(&ti_kernels_portable, call, expected);
            run(kernels, call, out);
            if (memcmp(fences[0].start, fences[1].start, capacity) != 0) {
                size_t at = 0;
                while (expected[at] == out[at]) at++;
                fail_msg("%s on %s: byte %zu of %zu differs (count %zu, block %llu)",
                         what, kernels->name, at, out_bytes, call->count,
                         (unsigned long long)call->blocks.first);
            }
        }
    }
}

static struct ti_sampler sample_of(const struct ti_dist *dist, enum ti_dtype dtype) {
    struct ti_sampler sampler;
    struct ti_error error;
    if (ti_sampler_make(dist, dtype, random_u64(&random_state), random_u64(&random_state),
                        &sampler, &error) != TI_OK) {
        fail_msg("%s", error.text);
    }
    return sampler;
}

#define CUT(low, high)                                                                   \
    {                                                                                    \
        .distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL, .sigma = 1, .z_low = (low),    \
        .z_high = (high)                                                                 \
    }

/* Dists that reach every kernel, near and far cuts, offsets, and scales down to subnormal. */
static const struct ti_dist dists[] = {
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = 0, .high = 1},
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = -0.125, .high = 3},
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = -1e-42, .high = 2e-42},
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = 1, .high = 1.0000001},
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = -1.7e38, .high = 1.7e38},
    {.distribution = TI_DISTRIBUTION_UNIFORM,
     .symmetric = true,
     .low = -0.1,
     .high = 0.1},
    {.distribution = TI_DISTRIBUTION_NORMAL, .sigma = 1},
    {.distribution = TI_DISTRIBUTION_NORMAL, .sigma = 0.0357, .mean = -2.5},
    {.distribution = TI_DISTRIBUTION_NORMAL, .sigma = 1e-40, .mean = 1e-41},
    {.distribution = TI_DISTRIBUTION_NORMAL, .sigma = 5e37},
    {.distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL,
     .sigma = 1,
     .z_low = -2,
     .z_high = 2},
    {.distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL,
     .sigma = 3,
     .z_low = -.5,
     .z_high = .5},
    {.distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL,
     .sigma = 1,
     .z_low = -3,
     .z_high = 3},
    {.distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL,
     .sigma = 1,
     .z_low = -6,
     .z_high = 6},
    {.distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL,
     .sigma = 1,
     .z_low = -9,
     .z_high = 9},
    /* binary64: narrow cuts, and those whose ends differ; far and tiny ones */
    CUT(-0.3, 0.3),
    CUT(-5e-7, 5e-7),
    CUT(-1, 2),
    CUT(-2, 1),
    CUT(0, 1),
    CUT(-INFINITY, 0),
    CUT(1, 2),
    CUT(5, INFINITY),
    CUT(6, INFINITY),
    CUT(-INFINITY, -6),
    CUT(-7, -6),
    CUT(6, 6.0001),
    CUT(-3, 40),
    CUT(1, 1.00001),
    CUT(-1e-9, 2e-6),
    {.distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL,
     .sigma = 1e-40,
     .mean = 1e-41,
     .z_low = -6,
     .z_high = 0.5},
    {.distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL,
     .sigma = 0.7,
     .mean = 0.3,
     .z_low = -1,
     .z_high = 3,
     .bounded = true,
     .low = -0.39999,
     .high = 2.3},
};

static void samples_of(enum ti_dtype dtype, runner *run, size_t bytes) {
    for (size_t i = 0; i < COUNT_OF(dists); i++) {
        const struct ti_sampler sampler = sample_of(&dists[i], dtype);
        for (int round = 0; round < 12; round++) {
            struct call call = {.sampler = &sampler};
            uint64_t list[COUNT_MAX / 4];
            call.count = TI_TILE_WORDS * (1 + random_below(&random_state, 8));
            call.blocks.first = random_u64(&random_state);
            if (round == 0) call.blocks.first = ((uint64_t)1 << 32) - 17;
            if (round == 1) call.blocks.first = UINT64_MAX - 2;
            if (round % 3 == 2) {
                for (size_t k = 0; k < COUNT_OF(list); k++)
                    list[k] = random_u64(&random_state);
                call.blocks.list = list;
            }
            compare("draw", run, &call, bytes * call.count);
        }
    }
}

static void samples(void **state) {
    (void)state;
    samples_of(TI_DTYPE_F32, run_sample, 4);
    samples_of(TI_DTYPE_F64, run_sample_f64, 8);
}

/* Around every power of two, from both ends: where the octave, the rounding of the magnitude
   to binary32 or the nearest end changes. */
static size_t edge_words(uint32_t *words) {
    size_t n = 0;
    for (int bit = 0; bit < 32; bit++) {
        for (uint32_t near = 0; near < 12; near++) {
            const uint32_t word = ((uint32_t)1 << bit) - 6 + near;
            words[n++] = word;
            words[n++] = ~word;
        }
    }
    /* 2^24 and more: ties of the conversion to binary32 */
    for (int bit = 24; bit < 31; bit++) {
        const uint32_t tie = ((uint32_t)1 << bit) + ((uint32_t)1 << (bit - 24));
        for (uint32_t near = 0; near < 3; near++) {
            words[n++] = tie - 1 + near;
            words[n++] = ~(tie - 1 + near);
        }
    }
    return n;
}

/* Against the scalar reading, bit by bit. */
static void check_scalar(const struct ti_sampler *sampler, const unsigned char *in) {
    for (size_t k = 0; k < COUNT_MAX; k++) {
        uint32_t word;
        memcpy(&word, in + 4 * k, 4);
        const float x = values_f32(sampler, word),
                    expected = values_scalar_f32(sampler, word);
        if (memcmp(&x, &expected, sizeof x) != 0) {
            fail_msg("cut %g to %g: word %08x is %a, not %a", sampler->z_low,
                     sampler->z_high, word, (double)x, (double)expected);
        }
    }
}

static void maps(void **state) {
    static uint32_t edges[COUNT_MAX];
    const size_t edge_count = edge_words(edges);
    (void)state;
    assert_true(edge_count <= COUNT_MAX);
    for (size_t i = 0; i < COUNT_OF(dists); i++) {
        const struct ti_sampler sampler = sample_of(&dists[i], TI_DTYPE_F32);
        for (int round = 0; round < 24; round++) {
            struct call call = {.sampler = &sampler, .count = COUNT_MAX};
            unsigned char *in = in_fence.end - BYTES_MAX;
            if (round % 2) in = in_fence.start + random_below(&random_state, 64);
            for (size_t k = 0; k < COUNT_MAX; k++) {
                /* every fourth round words near the ends, where all octaves occur */
                uint32_t word = (uint32_t)random_u64(&random_state);
                if (round % 4 == 2) word >>= random_below(&random_state, 32);
                if (round % 4 == 2 && k % 2) word = ~word;
                if (round < 2 && k < edge_count) word = edges[k];
                memcpy(in + 4 * k, &word, 4);
            }
            call.in = in;
            compare("map", run_map, &call, BYTES_MAX);
            if (sampler.kernel != TI_KERNEL_normal &&
                sampler.kernel != TI_KERNEL_truncated) {
                check_scalar(&sampler, in);
            }
        }
    }
}

/*
 * Words of 64 bits about a place: where an octave begins, where the conversion to binary64 is
 * a tie, where the two ends meet.
 */
static void near_word(uint64_t place, uint64_t *words, size_t *count) {
    for (uint64_t i = 0; i < 6; i++) {
        words[(*count)++] = place - 3 + i;
        words[(*count)++] = ~(place - 3 + i);
    }
}

/* The word whose tail is about 'tail', from the lower end if 'offset' is that one's. */
static uint64_t word_of_tail(const struct ti_sampler *sampler, double offset,
                             double tail) {
    const double word = (tail - offset) / sampler->tail_scale;
    return word > 0 && word < 0x1p64 ? (uint64_t)word : 0;
}

#define EDGES_MAX (12 * (64 + 11 + 32 + 3 * 64))

static size_t edge_words_64(const struct ti_sampler *sampler, uint64_t *words) {
    size_t count = 0;
    for (int bit = 0; bit < 64; bit++) near_word((uint64_t)1 << bit, words, &count);
    for (int bit = 53; bit < 64; bit++) { /* half of the last place that is kept */
        near_word(((uint64_t)1 << bit) + ((uint64_t)1 << (bit - 53)), words, &count);
    }
    if (sampler->kernel < TI_KERNEL_normal) return count; /* uniforms */
    /* the middle, in steps of half the last place of binary64 */
    const uint64_t middle = word_of_tail(sampler, sampler->tail_offset, 0x1p63);
    for (uint64_t i = 0; i < 32; i++) {
        near_word(middle + 512 * (i - 16), words, &count);
    }
    for (int octave = 0; octave < 64; octave++) { /* its beginning and its middle */
        const double tail = ldexp(0.5, octave);
        near_word(word_of_tail(sampler, sampler->tail_offset, tail), words, &count);
        near_word(word_of_tail(sampler, sampler->tail_offset, 1.5 * tail), words, &count);
        near_word(~word_of_tail(sampler, sampler->upper_offset, tail), words, &count);
    }
    return count;
}

/* What is beyond z of a word, of the whole; not below the least tail of the table. */
static long double mass_beyond(const struct ti_dist *dist, uint64_t word, bool negative) {
    const bool cut = dist->distribution == TI_DISTRIBUTION_TRUNCATED_NORMAL;
    const long double root = sqrtl(2), low = cut ? (long double)dist->z_low : -INFINITY,
                      high = cut ? (long double)dist->z_high : INFINITY;
    const long double below = erfcl(-low / root) / 2, above = erfcl(high / root) / 2;
    /* of the smaller numbers, so that nothing cancels */
    const long double mass = low > 0    ? erfcl(low / root) / 2 - above
                             : high < 0 ? erfcl(-high / root) / 2 - below
                                        : 1 - below - above;
    const long double place = ((long double)(negative ? word : ~word) + 0.5L) * 0x1p-64L;
    const long double beyond = (negative ? below : above) + mass * place;
    return beyond > 0x1p-65L ? beyond : 0x1p-65L;
}

/* Against the scalar reading, bit by bit; a standard normal's against erfc as well. */
static void check_f64(const struct ti_dist *dist, const struct ti_sampler *sampler,
                      const unsigned char *in) {
    const bool standard = dist->distribution != TI_DISTRIBUTION_UNIFORM &&
                          dist->sigma == 1 && dist->mean == 0;
    struct call call = {.sampler = sampler, .count = COUNT_MAX, .in = in};
    unsigned char out[F64_MAX];
    run_map_f64(&ti_kernels_portable, &call, out);
    for (size_t k = 0; k < COUNT_MAX; k++) {
        uint32_t high, low;
        double x;
        memcpy(&high, in + 4 * k, 4);
        memcpy(&low, in + BYTES_MAX + 4 * k, 4);
        memcpy(&x, out + 8 * k, 8);
        const uint64_t word = (uint64_t)high << 32 | low;
        const double expected = values_scalar_f64(sampler, word);
        if (memcmp(&x, &expected, sizeof x) != 0) {
            fail_msg("cut %g to %g: word %016llx is %a, not %a", dist->z_low,
                     dist->z_high, (unsigned long long)word, x, expected);
        }
        if (!standard || !ORACLE_IS_F64 || k % 4) continue;
        double error = fabs(oracle_error(fabs(x), mass_beyond(dist, word, x < 0)));
        error /= fabs(x) > 1 ? fabs(x) : 1;
        if (!(error <= 1e-15)) {
            fail_msg("cut %g to %g: word %016llx is %a, wrong by %g", dist->z_low,
                     dist->z_high, (unsigned long long)word, x, error);
        }
    }
}

static void maps_f64(void **state) {
    static uint64_t edges[EDGES_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(dists); i++) {
        const struct ti_sampler sampler = sample_of(&dists[i], TI_DTYPE_F64);
        const size_t edge_count = edge_words_64(&sampler, edges);
        assert_true(edge_count <= EDGES_MAX);
        const size_t edge_rounds = (edge_count + COUNT_MAX - 1) / COUNT_MAX;
        for (size_t round = 0; round < edge_rounds + 12; round++) {
            struct call call = {.sampler = &sampler, .count = COUNT_MAX};
            unsigned char *in = in_fence.end - F64_MAX;
            if (round % 2) in = in_fence.start + random_below(&random_state, 64);
            for (size_t k = 0; k < COUNT_MAX; k++) {
                uint64_t word = random_u64(&random_state);
                /* Near the ends, a few in a vector of others: where all octaves occur. */
                if (round % 4 == 2 || (round % 4 == 3 && k % 29 == 0))
                    word >>= random_below(&random_state, 64);
                if (round % 4 == 2 && k % 2) word = ~word;
                const size_t at = round * COUNT_MAX + k;
                if (round < edge_rounds) word = edges[at < edge_count ? at : 0];
                if (k < 2) word = k ? UINT64_MAX : 0;
                const uint32_t high = (uint32_t)(word >> 32), low = (uint32_t)word;
                memcpy(in + 4 * k, &high, 4);
                memcpy(in + BYTES_MAX + 4 * k, &low, 4);
            }
            call.in = in;
            compare("map f64", run_map_f64, &call, F64_MAX);
            check_f64(&dists[i], &sampler, in);
        }
    }
}

/* Any finite number: most random exponents are far away, so half of them are drawn near 1. */
static float random_float(float limit) {
    for (;;) {
        uint32_t bits = (uint32_t)random_u64(&random_state);
        float x;
        if (bits & 1) bits = (bits & 0x8fffffff) | 0x30000000;
        memcpy(&x, &bits, sizeof x);
        if (fabsf(x) < limit) return x;
    }
}

static void clamps(void **state) {
    static const float bounds[][2] = {
        {-1, 1}, {0, 0.5f}, {-0x1p-149f, 0x1p-149f}, {-3e38f, -1e-3f}, {0.25f, INFINITY}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        struct ti_sampler sampler = {.class = &ti_sampler_kernel};
        struct call call = {
            .sampler = &sampler, .count = COUNT_MAX, .in = in_fence.start + 4};
        sampler.transform.low = bounds[i][0];
        sampler.transform.high = bounds[i][1];
        for (size_t k = 0; k < COUNT_MAX; k++) {
            float x = k % 7 ? random_float(INFINITY) : bounds[i][k % 2];
            if (isinf(x)) x = 0;
            memcpy(in_fence.start + 4 + 4 * k, &x, 4);
        }
        compare("clamp", run_clamp, &call, BYTES_MAX);
        unsigned char out[BYTES_MAX];
        run_clamp(&ti_kernels_portable, &call, out);
        for (size_t k = 0; k < COUNT_MAX; k++) {
            float x, y;
            memcpy(&x, call.in + 4 * k, 4);
            memcpy(&y, out + 4 * k, 4);
            assert_true(y == fmaxf(bounds[i][0], fminf(x, bounds[i][1])));
        }
    }
}

/* Numbers on the ties between two numbers of the type, beside them, and anywhere. */
static void fill_near_ties(const struct oracle_type *type, unsigned char *in,
                           size_t count, bool powers) {
    const uint32_t half = (uint32_t)1 << (22 - type->fraction_bits);
    for (size_t k = 0; k < count; k++) {
        float x = random_float((float)type->limit);
        uint32_t bits;
        memcpy(&bits, &x, sizeof bits);
        if (k % 4) bits = (bits & ~(2 * half - 1)) + half + (uint32_t)(k % 4) - 2;
        if (powers && k < 512)
            bits = (uint32_t)k << 23; /* 0, subnormals, powers of two */
        memcpy(&x, &bits, sizeof x);
        if (!(fabs((double)x) < type->limit)) x = 1;
        memcpy(in + 4 * k, &x, 4);
    }
}

static void narrow(const struct oracle_type *type, enum ti_dtype dtype) {
    const size_t bytes = ti_dtype_bytes(dtype);
    for (int round = 0; round < 200; round++) {
        struct call call = {.dtype = dtype};
        unsigned char out[BYTES_MAX];
        call.count = TI_TILE_WORDS * (1 + random_below(&random_state, 8));
        unsigned char *in = in_fence.end - 4 * call.count;
        if (round % 2) in = in_fence.start + random_below(&random_state, 64);
        fill_near_ties(type, in, call.count, round == 0);
        call.in = in;
        compare(type->name, run_narrow, &call, bytes * call.count);
        run_narrow(&ti_kernels_portable, &call, out);
        for (size_t k = 0; k < call.count; k++) {
            uint16_t got = 0;
            float x;
            memcpy(&x, in + 4 * k, 4);
            memcpy(&got, out + bytes * k, bytes);
            if (got != oracle_narrow(type, x)) {
                fail_msg("%s(%a) is %04x, not %04x", type->name, (double)x, got,
                         oracle_narrow(type, x));
            }
        }
    }
}

static void narrow_types(void **state) {
    size_t tested = 0;
    (void)state;
    for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
        const struct oracle_type *type = oracle_type_of(ti_dtype_name(dtype));
        if (!ti_kernels_portable.narrow[dtype]) continue;
        if (!type) fail_msg("no oracle for %s", ti_dtype_name(dtype));
        narrow(type, dtype);
        tested++;
    }
    assert_null(oracle_types[tested].name);
}

/* The oracle itself: every number of the type is where its definition says, in order. */
static void narrow_oracle(void **state) {
    (void)state;
    for (const struct oracle_type *type = oracle_types; type->name; type++) {
        double last = -1;
        for (uint16_t code = 0; code < 0x7fff; code++) {
            const double value = oracle_value(type, code);
            if (!(value < type->limit) || value < last) break;
            assert_int_equal(oracle_narrow(type, (float)value), code);
            last = value;
        }
        /* the largest number, and its distance to the limit: half a place */
        assert_true(last > type->limit * 0.85);
    }
}

/* 'map' of the words is 'draw', so that what is tested of the one holds for the other. */
static void sample_is_map_of_words(void **state) {
    const struct ti_kernels *kernels;
    (void)state;
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
        for (size_t i = 0; i < COUNT_OF(dists); i++) {
            const struct ti_sampler sampler = sample_of(&dists[i], TI_DTYPE_F32);
            struct call call = {.sampler = &sampler, .count = COUNT_MAX};
            call.blocks.first = random_u64(&random_state);
            kernels->words(&sampler.philox, call.blocks, COUNT_MAX, in_fence.start);
            call.in = in_fence.start;
            run_map(kernels, &call, fences[0].start);
            run_sample(kernels, &call, fences[1].start);
            assert_memory_equal(fences[0].start, fences[1].start, BYTES_MAX);
        }
    }
}

/* Of binary64 likewise: the low halves of the words are those of the next lane. */
static void sample_f64_is_map_of_words(void **state) {
    const struct ti_kernels *kernels;
    (void)state;
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
        for (size_t i = 0; i < COUNT_OF(dists); i++) {
            const struct ti_sampler sampler = sample_of(&dists[i], TI_DTYPE_F64);
            struct call call = {.sampler = &sampler, .count = COUNT_MAX};
            call.blocks.first = random_u64(&random_state);
            struct ti_blocks next = {call.blocks.first + ((uint64_t)1 << 62), NULL};
            kernels->words(&sampler.philox, call.blocks, COUNT_MAX, in_fence.start);
            kernels->words(&sampler.philox, next, COUNT_MAX, in_fence.start + BYTES_MAX);
            call.in = in_fence.start;
            run_map_f64(kernels, &call, fences[0].start);
            run_sample_f64(kernels, &call, fences[1].start);
            assert_memory_equal(fences[0].start, fences[1].start, F64_MAX);
        }
    }
}

int main(void) {
    const struct ti_kernels *kernels;
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) printf("%s\n", kernels->name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples),      cmocka_unit_test(maps),
        cmocka_unit_test(clamps),       cmocka_unit_test(narrow_oracle),
        cmocka_unit_test(narrow_types), cmocka_unit_test(sample_is_map_of_words),
        cmocka_unit_test(maps_f64),     cmocka_unit_test(sample_f64_is_map_of_words),
    };
    return cmocka_run_group_tests(tests, open_fences, close_fences);
}
