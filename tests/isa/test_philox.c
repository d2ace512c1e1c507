/* SPDX-License-Identifier: MIT */
/* Philox known answers and the oracle's words, on every instruction set of this
   machine. */
#include <stdio.h>
#include <stdlib.h>

#include "core/kernels/dispatch.h"
#include "core/values/sampler.h"
#include "support/fence.h"
#include "support/oracle.h"
#include "support/random.h"
#include "support/test.h"
#include "support/tsv.h"

/* The round keys of a sampler of any distribution. */
static struct ti_philox philox_of(uint64_t seed, uint64_t stream) {
    const struct ti_dist dist = {.distribution = TI_DISTRIBUTION_CONSTANT};
    struct ti_sampler sampler;
    assert_int_equal(ti_sampler_make(&dist, TI_DTYPE_F32, seed, stream, &sampler, NULL),
                     TI_OK);
    return sampler.philox;
}

static uint64_t pair(const uint32_t *words) {
    return words[0] | (uint64_t)words[1] << 32;
}

/* A block has the same words wherever it lies in a tile: lanes, batches, carries. */
static void known_responses(void **state) {
    struct tsv tsv;
    int rows = 0;
    (void)state;
    for (tsv_open(&tsv, "tests/bits/vectors/philox4x32_10.txt"); tsv_next(&tsv); rows++) {
        uint32_t v[10];
        assert_int_equal(tsv.fields, 10);
        for (int i = 0; i < 10; i++) v[i] = (uint32_t)strtoul(tsv.field[i], NULL, 16);
        const struct ti_philox philox = philox_of(pair(v + 4), pair(v + 2));
        const struct ti_kernels *kernels;
        for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
            for (uint64_t place = 0; place < TI_TILE_BLOCKS; place++) {
                uint32_t out[TI_TILE_WORDS];
                const struct ti_blocks run = {pair(v) - place, NULL};
                kernels->words(&philox, run, TI_TILE_WORDS, out);
                assert_memory_equal(out + 4 * place, v + 6, 16);
            }
        }
    }
    assert_true(rows >= 10);
}

/* First blocks at which a word of the counter carries within the tiles that follow. */
static const uint64_t carries[] = {
    0,
    ((uint64_t)1 << 32) - 1,
    ((uint64_t)1 << 32) - 5,
    ((uint64_t)1 << 32) - 31,
    ((uint64_t)1 << 33) - 40,
    ((uint64_t)7 << 32) - 64,
    ((uint64_t)1 << 57) - 3, /* element 2^59 */
    ((uint64_t)1 << 62) - 33,
    ((uint64_t)3 << 62) - 1,
    UINT64_MAX - 6,
};

/* The words of these blocks: consecutive ones if 'list' is NULL, else those listed. */
static void check_words(const struct fence *fence, uint64_t seed, uint64_t stream,
                        struct ti_blocks blocks, size_t count) {
    const struct ti_philox philox = philox_of(seed, stream);
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const struct ti_kernels *kernels;
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
        unsigned char *out = fence_tail(fence, 4 * count);
        kernels->words(&philox, blocks, count, out);
        for (size_t i = 0; i < count / 4; i++) {
            const uint64_t b = blocks.list ? blocks.list[i] : blocks.first + i;
            const uint32_t counter[4] = {(uint32_t)b, (uint32_t)(b >> 32),
                                         (uint32_t)stream, (uint32_t)(stream >> 32)};
            uint32_t expected[4];
            oracle_philox(counter, key, expected);
            assert_row(memcmp(out + 16 * i, expected, 16) == 0, kernels->name);
        }
    }
}

static void carries_and_random_blocks(void **state) {
    uint64_t random = 1;
    struct fence fence = fence_make(16 * TI_TILE_WORDS);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(carries); i++) {
        const struct ti_blocks run = {carries[i], NULL};
        check_words(&fence, random_u64(&random), random_u64(&random), run,
                    4 * TI_TILE_WORDS);
        check_words(&fence, 0, 0, run, TI_TILE_WORDS);
    }
    for (int i = 0; i < 300; i++) {
        const struct ti_blocks run = {random_u64(&random), NULL};
        check_words(&fence, random_u64(&random), random_u64(&random), run,
                    TI_TILE_WORDS * (1 + random_below(&random, 4)));
    }
    fence_free(&fence);
}

/* Listed blocks, in memory that ends with the list. */
static void listed_blocks(void **state) {
    uint64_t random = 2;
    struct fence fence = fence_make(16 * TI_TILE_WORDS);
    struct fence list = fence_make(4 * TI_TILE_BLOCKS * sizeof(uint64_t));
    (void)state;
    for (int i = 0; i < 100; i++) {
        const size_t tiles = 1 + random_below(&random, 4), count = tiles * TI_TILE_BLOCKS;
        uint64_t *block = (uint64_t *)(void *)fence_tail(&list, count * sizeof *block);
        for (size_t k = 0; k < count; k++) {
            block[k] = random_u64(&random) >> random_below(&random, 64);
        }
        const struct ti_blocks blocks = {0, block};
        check_words(&fence, random_u64(&random), random_u64(&random), blocks,
                    tiles * TI_TILE_WORDS);
    }
    fence_free(&list);
    fence_free(&fence);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_responses),
        cmocka_unit_test(carries_and_random_blocks),
        cmocka_unit_test(listed_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
