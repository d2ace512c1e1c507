/* SPDX-License-Identifier: MIT */
/*
 * The zeros of scheme=sparse against their definition: each column's elements sorted by key, with
 * words of the oracle's Philox; how many there are, and that all sets of rows are alike.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/values/sparse_select.h"
#include "support/oracle.h"
#include "support/random.h"
#include "support/statistics.h"
#include "support/tensor.h"

/* Whether fewer than 'zeros' elements of the column have a smaller key (word, row). */
static bool is_zero(uint64_t seed, uint64_t stream, uint64_t rows, uint64_t cols,
                    uint64_t row, uint64_t col, uint64_t zeros) {
    const uint32_t word = oracle_word(seed, stream, 2, row * cols + col);
    uint64_t smaller = 0;
    for (uint64_t r = 0; r < rows; r++) {
        const uint32_t other = oracle_word(seed, stream, 2, r * cols + col);
        smaller += other < word || (other == word && r < row);
    }
    return smaller < zeros;
}

static struct ti_plan *plan_of(const char *scheme, uint64_t rows, uint64_t cols,
                               const char *rest) {
    char query[300];
    snprintf(query, sizeof query, "shape=%llu,%llu&scheme=%s%s", (unsigned long long)rows,
             (unsigned long long)cols, scheme, rest);
    return test_plan(query);
}

#define SPARSE "sparse"
#define NORMAL "normal&std=0.01"

/* All elements, from the heap. */
static void *all_of(struct ti_plan *plan) {
    void *out = malloc(ti_plan_info(plan)->body_bytes + 1);
    test_fill_all(plan, out);
    return out;
}

static const struct {
    uint64_t rows, cols;
    const char *sparsity;
    uint64_t zeros;
} rows[] = {
    {1, 1, "0", 0},        {1, 1, "1", 1},        {1, 1, "0.001", 1},
    {1, 9, "0.5", 1},      {2, 5, "0.5", 1},      {2, 5, "0.51", 2},
    {3, 4, "0.3", 1},      {3, 4, "0.34", 2},     {7, 11, "0.3", 3},
    {13, 17, "0.5", 7},    {31, 3, "0.1", 4},     {30, 32, "0.1", 3},
    {30, 30, "0.9", 27},   {64, 64, "0.25", 16},  {97, 101, "0.01", 1},
    {97, 101, "0.99", 97}, {101, 7, "0", 0},      {101, 7, "1", 101},
    {128, 1, "0.5", 64},   {251, 4, "0.7", 176},  {500, 3, "0.002", 1},
    {500, 3, "0.0021", 2}, {1009, 5, "0.5", 505}, {10, 10, "1e-300", 1},
    {10, 3, "0.7", 7}, /* 0.7 * 10 is 7, in binary64, too */
};

/* ceil(sparsity * rows) in each column; what is left is scheme=normal's; f64 and f32 alike. */
static void exact_counts(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const uint64_t n = rows[i].rows, m = rows[i].cols;
        char rest[80], f64[100];
        snprintf(rest, sizeof rest, "&seed=5&name=w&sparsity=%s", rows[i].sparsity);
        snprintf(f64, sizeof f64, "%s&dtype=f64", rest);
        struct ti_plan *plan = plan_of(SPARSE, n, m, rest);
        struct ti_plan *plan_64 = plan_of(SPARSE, n, m, f64);
        struct ti_plan *dense = plan_of(NORMAL, n, m, "&seed=5&name=w");
        struct ti_plan *dense_64 = plan_of(NORMAL, n, m, "&seed=5&name=w&dtype=f64");
        float *x = all_of(plan), *y = all_of(dense);
        double *x64 = all_of(plan_64), *y64 = all_of(dense_64);
        for (uint64_t col = 0; col < m; col++) {
            uint64_t zeros = 0;
            for (uint64_t row = 0; row < n; row++) {
                const uint64_t e = row * m + col;
                const bool zero = memcmp(&x[e], "\0\0\0\0", 4) == 0; /* not -0 */
                zeros += zero;
                if (!zero) assert_memory_equal(&x[e], &y[e], 4);
                if (!zero) assert_memory_equal(&x64[e], &y64[e], 8);
                assert_true(zero == (memcmp(&x64[e], "\0\0\0\0\0\0\0\0", 8) == 0));
            }
            assert_row(zeros == rows[i].zeros, ti_plan_info(plan)->query);
        }
        free(x), free(y), free(x64), free(y64);
        ti_plan_free(plan), ti_plan_free(plan_64);
        ti_plan_free(dense), ti_plan_free(dense_64);
    }
}

/* Bit for bit the definition. */
static void by_the_definition(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const uint64_t n = rows[i].rows, m = rows[i].cols;
        char rest[80];
        snprintf(rest, sizeof rest, "&seed=0xfedcba9876543210&name=w&sparsity=%s",
                 rows[i].sparsity);
        struct ti_plan *plan = plan_of(SPARSE, n, m, rest);
        const struct ti_plan_info *info = ti_plan_info(plan);
        float *x = all_of(plan);
        for (uint64_t e = 0; e < n * m; e++) {
            const bool zero =
                is_zero(info->seed, info->stream, n, m, e / m, e % m, rows[i].zeros);
            if (zero != (x[e] == 0)) {
                fail_msg("%s: element %llu", info->query, (unsigned long long)e);
            }
        }
        free(x);
        ti_plan_free(plan);
    }
}

/*
 * Any part, in any cut: elements of the dense tensor, or 0 where the full sparse one is. Columns
 * a step apart have thresholds of their own.
 */
static void any_cut(void **state) {
    static const char *const parts[] = {
        "",
        "&permute=1,0",
        "&slice=::-1,::3",
        "&slice=5:60:7,40:2:-1",
        "&slice=17",
        "&slice=:,52",
        "&shard=0:1/3,1:2/4",
        "&slice=...,-1",
        "&permute=1,0&slice=3:50,::-2",
    };
    static const char *const dtypes[] = {"f32", "f64", "f16", "bf16", "f8_e5m2"};
    uint64_t random = 9;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(parts) * COUNT_OF(dtypes); i++) {
        const char *dtype = dtypes[i / COUNT_OF(parts)],
                   *part = parts[i % COUNT_OF(parts)];
        char query[200], dense_query[200];
        snprintf(query, sizeof query,
                 "shape=67,53&scheme=sparse&std=1&seed=8&sparsity=0.4&dtype=%s%s", dtype,
                 part);
        snprintf(dense_query, sizeof dense_query,
                 "shape=67,53&scheme=normal&seed=8&dtype=%s%s", dtype, part);
        struct test_tensor tensor = test_tensor(query);
        const size_t bytes = ti_dtype_bytes(tensor.info->dtype);
        unsigned char *all = test_tensor_bytes(&tensor), *dense = test_body(dense_query);
        unsigned char *out = malloc(tensor.info->body_bytes);
        size_t zeros = 0;
        for (size_t e = 0; e < tensor.info->elems; e++) {
            const bool zero = memcmp(all + e * bytes, "\0\0\0\0\0\0\0", bytes) == 0;
            zeros += zero;
            assert_true(zero || memcmp(all + e * bytes, dense + e * bytes, bytes) == 0);
        }
        assert_true(zeros > 0 && zeros < tensor.info->elems);
        for (int k = 0; k < 200; k++) {
            const size_t first = random_below(&random, tensor.info->elems);
            size_t count =
                random_below(&random, k % 2 ? tensor.info->elems - first + 1 : 5);
            if (first + count > tensor.info->elems) count = 1;
            assert_int_equal(ti_plan_fill(tensor.plan, first, count, out, NULL), TI_OK);
            assert_row(memcmp(out, all + first * bytes, count * bytes) == 0, query);
        }
        free(all), free(dense), free(out);
        test_tensor_clear(&tensor);
    }
}

/* Parts of the same matrix agree: rows and columns of the full tensor, cut out of it. */
static void parts_agree(void **state) {
    (void)state;
    struct ti_plan *plan = plan_of(SPARSE, 40, 30, "&seed=8&sparsity=0.4");
    float *all = all_of(plan);
    for (unsigned col = 0; col < 30; col++) {
        char rest[60];
        snprintf(rest, sizeof rest, "&seed=8&sparsity=0.4&slice=:,%u", col);
        struct ti_plan *column = plan_of(SPARSE, 40, 30, rest);
        float *x = all_of(column);
        for (unsigned row = 0; row < 40; row++) {
            assert_memory_equal(&x[row], &all[row * 30 + col], sizeof *x);
        }
        free(x);
        ti_plan_free(column);
    }
    free(all);
    ti_plan_free(plan);
}

/*
 * Tall columns have several ranges of rows, wide matrices several batches of columns; of some
 * of 9,001 columns the threshold lies three standard deviations from where it is expected.
 */
static void tall_and_short_columns(void **state) {
    static const struct {
        uint64_t rows, cols;
    } sizes[] = {{100000, 3}, {70001, 1}, {32768, 33},
                 {3, 9001},   {2, 20000}, {600, 9001}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const uint64_t n = sizes[i].rows, m = sizes[i].cols;
        struct ti_plan *plan = plan_of(SPARSE, n, m, "&seed=5&sparsity=0.5&name=t");
        float *x = all_of(plan);
        for (uint64_t col = 0; col < m; col++) {
            uint64_t zeros = 0, worst_zero = 0, best_stored = UINT64_MAX;
            for (uint64_t row = 0; row < n; row++) {
                const uint64_t word =
                    oracle_word(5, ti_plan_info(plan)->stream, 2, row * m + col);
                const uint64_t key = word << 32 | row;
                const bool zero = x[row * m + col] == 0;
                zeros += zero;
                if (zero && key > worst_zero) worst_zero = key;
                if (!zero && key < best_stored) best_stored = key;
            }
            assert_int_equal(zeros, n / 2 + n % 2);
            assert_true(worst_zero < best_stored);
        }
        free(x);
        ti_plan_free(plan);
    }
}

/* One column of matrices that no one could hold; and what is too much for one request. */
static void huge(void **state) {
    (void)state;
    struct test_tensor tensor = test_tensor(
        "shape=1000,288230376151711&scheme=sparse&sparsity=0.5&seed=7&slice=:,-3:");
    float x[3000];
    size_t zeros[3] = {0};
    assert_int_equal(ti_plan_fill(tensor.plan, 0, 3000, x, NULL), TI_OK);
    for (size_t e = 0; e < 3000; e++) zeros[e % 3] += x[e] == 0;
    for (int col = 0; col < 3; col++) assert_int_equal(zeros[col], 500);
    test_tensor_clear(&tensor);
    test_refused("shape=4294967296,1&scheme=sparse&sparsity=0.1", TI_ETOOLARGE, "shape");
    test_refused("shape=1,288230376151711745&scheme=sparse&sparsity=0.1", TI_ETOOLARGE,
                 "shape");
    test_refused("shape=65537,65536&scheme=sparse&sparsity=0.1", TI_ETOOLARGE, "shape");
    /* Where no element or every element is 0, nothing needs computing. */
    ti_plan_free(test_plan("shape=65537,65536&scheme=sparse&sparsity=0"));
    ti_plan_free(test_plan("shape=65537,65536&scheme=sparse&sparsity=1"));
    ti_plan_free(test_plan("shape=65537,65536&scheme=sparse&sparsity=0.1&slice=:,::2"));
}

/* How many elements are zero in one and not in the other. */
static uint64_t differing(const char *a, const char *b) {
    struct ti_plan *p = plan_of(SPARSE, 100, 100, a), *q = plan_of(SPARSE, 100, 100, b);
    float *x = all_of(p), *y = all_of(q);
    uint64_t count = 0;
    for (size_t i = 0; i < 10000; i++) count += (x[i] == 0) != (y[i] == 0);
    free(x), free(y);
    ti_plan_free(p), ti_plan_free(q);
    return count;
}

/* Other seeds and names have other zeros: half of the elements differ, give or take. */
static void other_streams(void **state) {
    static const char *const others[] = {
        "&sparsity=0.5&seed=2&name=w", "&sparsity=0.5&seed=4294967297&name=w",
        "&sparsity=0.5&seed=1&name=v", "&sparsity=0.5&seed=1"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        const uint64_t count = differing("&sparsity=0.5&seed=1&name=w", others[i]);
        assert_true(count > 4700 && count < 5300);
    }
    /* std has nothing to do with it */
    assert_int_equal(differing("&sparsity=0.5", "&sparsity=0.5&std=3"), 0);
    /* more sparsity: the same zeros and more */
    assert_int_equal(differing("&sparsity=0.5", "&sparsity=0.6"), 1000);
}

static unsigned choose(unsigned n, unsigned k) {
    unsigned result = 1;
    for (unsigned i = 0; i < k; i++) result = result * (n - i) / (i + 1);
    return result;
}

static int by_size(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Each rank of random keys, of those in order and of those in reverse, as qsort has it. */
static void selects(void **state) {
    uint64_t random = 4, keys[70], sorted[70], copy[70];
    (void)state;
    for (size_t count = 1; count <= COUNT_OF(keys); count++) {
        for (size_t rank = 0; rank < count; rank++) {
            for (size_t i = 0; i < count; i++) keys[i] = random_u64(&random);
            memcpy(sorted, keys, count * sizeof *keys);
            qsort(sorted, count, sizeof *sorted, by_size);
            assert_true(ti_sparse_select(keys, count, rank) == sorted[rank]);
            memcpy(copy, sorted, count * sizeof *sorted);
            assert_true(ti_sparse_select(copy, count, rank) == sorted[rank]);
            for (size_t i = 0; i < count; i++) copy[i] = sorted[count - 1 - i];
            assert_true(ti_sparse_select(copy, count, rank) == sorted[rank]);
        }
    }
}

/* Over many columns every set of 'zeros' of 'n' rows is as likely as any other. */
static void every_subset_alike(void **state) {
    static const struct {
        unsigned n;
        const char *sparsity;
        unsigned zeros;
    } cases[] = {{2, "0.5", 1}, {3, "0.3", 1}, {3, "0.6", 2}, {4, "0.5", 2},
                 {5, "0.4", 2}, {6, "0.5", 3}, {7, "0.4", 3}, {8, "0.25", 2}};
    const uint64_t columns = 30000;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const unsigned n = cases[i].n;
        uint64_t counts[256] = {0}, packed[70];
        size_t sets = 0;
        char rest[60];
        snprintf(rest, sizeof rest, "&seed=3&sparsity=%s", cases[i].sparsity);
        struct ti_plan *plan = plan_of(SPARSE, n, columns, rest);
        float *x = all_of(plan);
        for (uint64_t col = 0; col < columns; col++) {
            unsigned set = 0;
            for (unsigned row = 0; row < n; row++) {
                set |= (unsigned)(x[row * columns + col] == 0) << row;
            }
            counts[set]++;
        }
        for (unsigned set = 0; set < 1u << n; set++) {
            const bool possible = (unsigned)__builtin_popcount(set) == cases[i].zeros;
            if (possible)
                packed[sets++] = counts[set];
            else
                assert_int_equal(counts[set], 0);
        }
        assert_int_equal(sets, choose(n, cases[i].zeros));
        const double p = p_even(packed, sets);
        if (p < 1e-4 || p > 1 - 1e-6) fail_msg("%u of %u: p is %g", cases[i].zeros, n, p);
        free(x);
        ti_plan_free(plan);
    }
}

/*
 * Rows of a large matrix have about as many zeros as one another, with the variance of
 * independent columns; neighbouring columns have nothing in common.
 */
static void rows_and_columns(void **state) {
    enum { N = 400, M = 1000, ZEROS = 120 };
    const double share = (double)ZEROS / N, variance = share * (1 - share);
    struct ti_plan *plan = plan_of(SPARSE, N, M, "&seed=11&sparsity=0.3");
    float *x = all_of(plan);
    double chi = 0, together = 0;
    (void)state;
    for (size_t row = 0; row < N; row++) {
        double sum = 0;
        for (size_t col = 0; col < M; col++) {
            const bool zero = x[row * M + col] == 0;
            sum += zero;
            if (col > 0) together += zero && x[row * M + col - 1] == 0;
        }
        chi += (sum - M * share) * (sum - M * share) / (M * variance);
    }
    /* The sums of all rows are fixed together: N - 1 degrees of freedom, times N/(N-1). */
    const double z = (chi * (N - 1) / N - (N - 1)) / sqrt(2.0 * (N - 1));
    assert_true(fabs(z) < 4);
    /* Hypergeometric: two columns share ZEROS^2/N rows on average. */
    const double expected = (M - 1) * (double)ZEROS * ZEROS / N;
    const double one = ZEROS * share * (1 - share) * (N - ZEROS) / (N - 1);
    assert_true(fabs(together - expected) < 4 * sqrt((M - 1) * one));
    free(x);
    ti_plan_free(plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_counts),
        cmocka_unit_test(by_the_definition),
        cmocka_unit_test(any_cut),
        cmocka_unit_test(parts_agree),
        cmocka_unit_test(tall_and_short_columns),
        cmocka_unit_test(huge),
        cmocka_unit_test(other_streams),
        cmocka_unit_test(selects),
        cmocka_unit_test(every_subset_alike),
        cmocka_unit_test(rows_and_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
