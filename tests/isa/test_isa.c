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

#define COUNT_MAX (8 * TI_TILE_WORDS)
#define BYTES_MAX (4 * (size_t)COUNT_MAX)

static uint64_t random_state;

/* Fenced input, output of the one and of the other. */
static struct fence in_fence, fences[2];

static int open_fences(void **state) {
    (void)state;
    in_fence = fence_make(BYTES_MAX + 64);
    for (int i = 0; i < 2; i++) fences[i] = fence_make(BYTES_MAX + 64);
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

static void run_draw(const struct ti_kernels *kernels, const struct call *call,
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
        const size_t room = (size_t)(fences[0].end - fences[0].start);
        const size_t places[] = {room - out_bytes, 0, odd};
        for (size_t i = 0; i < COUNT_OF(places); i++) {
            unsigned char *expected = fences[0].start + places[i];
            unsigned char *out = fences[1].start + places[i];
            memset(fences[0].start, 0x55, room);
            memset(fences[1].start, 0x55, room);
            run(&ti_kernels_portable, call, expected);
            run(kernels, call, out);
            if (memcmp(fences[0].start, fences[1].start, room) != 0) {
                size_t at = 0;
                while (expected[at] == out[at]) at++;
                fail_msg("%s on %s: byte %zu of %zu differs (count %zu, block %llu)",
                         what, kernels->name, at, out_bytes, call->count,
                         (unsigned long long)call->blocks.first);
            }
        }
    }
}

static struct ti_sampler draw_of(const struct ti_dist *dist, enum ti_dtype dtype) {
    struct ti_sampler sampler;
    struct ti_error error;
    if (ti_sampler_make(dist, dtype, random_u64(&random_state), random_u64(&random_state),
                        &sampler, &error) != TI_OK) {
        fail_msg("%s", error.text);
    }
    return sampler;
}

/* Laws that reach every kernel, near and far cuts, offsets, and scales down to subnormal. */
static const struct ti_dist laws[] = {
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = -0.125, .high = 3},
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = -1e-42, .high = 2e-42},
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = 1, .high = 1.0000001},
    {.distribution = TI_DISTRIBUTION_UNIFORM, .low = -3e38, .high = 3e38},
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
};

static void draws(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(laws); i++) {
        const struct ti_sampler sampler = draw_of(&laws[i], TI_DTYPE_F32);
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
            compare("draw", run_draw, &call, 4 * call.count);
        }
    }
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

static void maps(void **state) {
    static uint32_t edges[COUNT_MAX];
    const size_t edge_count = edge_words(edges);
    (void)state;
    assert_true(edge_count <= COUNT_MAX);
    for (size_t i = 0; i < COUNT_OF(laws); i++) {
        const struct ti_sampler sampler = draw_of(&laws[i], TI_DTYPE_F32);
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
static void draw_is_map_of_words(void **state) {
    const struct ti_kernels *kernels;
    (void)state;
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
        for (size_t i = 0; i < COUNT_OF(laws); i++) {
            const struct ti_sampler sampler = draw_of(&laws[i], TI_DTYPE_F32);
            struct call call = {.sampler = &sampler, .count = COUNT_MAX};
            call.blocks.first = random_u64(&random_state);
            kernels->words(&sampler.philox, call.blocks, COUNT_MAX, in_fence.start);
            call.in = in_fence.start;
            run_map(kernels, &call, fences[0].start);
            run_draw(kernels, &call, fences[1].start);
            assert_memory_equal(fences[0].start, fences[1].start, BYTES_MAX);
        }
    }
}

int main(void) {
    const struct ti_kernels *kernels;
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) printf("%s\n", kernels->name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws),        cmocka_unit_test(maps),
        cmocka_unit_test(clamps),       cmocka_unit_test(narrow_oracle),
        cmocka_unit_test(narrow_types), cmocka_unit_test(draw_is_map_of_words),
    };
    return cmocka_run_group_tests(tests, open_fences, close_fences);
}
