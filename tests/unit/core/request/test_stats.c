/* SPDX-License-Identifier: MIT */
/* core/request/stats: moments, histogram and distance from the distribution. */
#include <math.h>
#include <stdio.h>

#include "support/tensor.h"

/* The test fails if there is no summary. */
static struct ti_stats_summary summary_of(const char *query) {
    struct test_tensor tensor = test_tensor(query);
    struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
    struct ti_stats *stats;
    assert_int_equal(ti_stats_make(tensor.plan, &stats), TI_OK);
    assert_int_equal(ti_stats_add(stats, 0, tensor.info->elems, tensor.workspace), TI_OK);
    assert_int_equal(ti_stats_get(stats, &summary), TI_OK);
    ti_stats_free(stats);
    test_tensor_clear(&tensor);
    return summary;
}

static uint64_t max_bin(const struct ti_stats_summary *summary) {
    uint64_t max = 0;
    for (size_t i = 0; i < TI_STATS_BINS; i++) {
        if (summary->bins[i] > max) max = summary->bins[i];
    }
    return max;
}

/* Ranges so huge that high - low overflows have the statistics of scaled ones. */
static void huge_ranges(void **state) {
    static const struct {
        const char *query, *scaled;
        double factor;
    } rows[] = {
        {"scheme=normal&std=1.9e307", "scheme=normal&std=1.9", 1e307},
        {"scheme=truncated_normal&std=9e307&low=-1.7e308&high=1.2e308",
         "scheme=truncated_normal&std=9&low=-17&high=12", 1e307},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[128];
        snprintf(query, sizeof query, "shape=10000&dtype=f64&%s", rows[i].query);
        const struct ti_stats_summary huge = summary_of(query);
        snprintf(query, sizeof query, "shape=10000&dtype=f64&%s", rows[i].scaled);
        const struct ti_stats_summary scaled = summary_of(query);
        assert_row(huge.has_ks && huge.ks > 0.001 && huge.ks < 0.02, rows[i].query);
        assert_row(fabs(huge.ks - scaled.ks) < 1e-6, rows[i].query);
        assert_row(fabs(huge.mean / rows[i].factor - scaled.mean) < 1e-6, rows[i].query);
        assert_row(fabs(huge.bins_low / rows[i].factor / scaled.bins_low - 1) < 1e-12,
                   rows[i].query);
        assert_row(max_bin(&huge) < 1000, rows[i].query);
        /* rounding may move a value across an edge */
        for (size_t k = 0; k < TI_STATS_BINS; k++) {
            const double moved = (double)huge.bins[k] - (double)scaled.bins[k];
            assert_row(fabs(moved) <= 2, rows[i].query);
        }
    }
}

/* 20,000 values: D > 1.63 / sqrt(n) has a probability of 1 %. */
static void distances(void **state) {
    static const char *const rows[] = {
        "scheme=uniform",
        "scheme=uniform&low=3&high=4&dtype=f64",
        "scheme=normal",
        "scheme=truncated_normal",
        "scheme=truncated_normal&truncation=-1,2.5",
        "scheme=he_normal&fan_in=7",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[128];
        snprintf(query, sizeof query, "shape=20000&%s", rows[i]);
        const struct ti_stats_summary summary = summary_of(query);
        uint64_t total = 0;
        for (size_t k = 0; k < TI_STATS_BINS; k++) total += summary.bins[k];
        assert_row(summary.count == 20000 && total == 20000, rows[i]);
        assert_row(summary.has_ks && summary.ks > 0.0005 && summary.ks < 0.0116, rows[i]);
    }
}

static void without_distribution(void **state) {
    static const char *const rows[] = {
        "shape=9&scheme=ones",
        "shape=9,9&scheme=identity",
        "shape=9,9&scheme=sparse&sparsity=0.5",
        "shape=9,9&scheme=orthogonal",
        "shape=9&scheme=normal&std=0",
        "shape=0&scheme=normal",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct ti_stats_summary summary = summary_of(rows[i]);
        assert_row(!summary.has_ks && summary.ks == 0, rows[i]);
        assert_row(summary.count % 9 == 0, rows[i]);
    }
}

/* The caller's struct may be older or newer than the library's. */
static void struct_sizes(void **state) {
    struct {
        struct ti_stats_summary summary;
        unsigned char newer[16];
    } caller;
    struct ti_plan *plan = test_plan("shape=100&scheme=ones");
    struct ti_stats *stats;
    (void)state;
    assert_int_equal(ti_stats_make(plan, &stats), TI_OK);
    assert_int_equal(ti_stats_add(stats, 0, 100, NULL), TI_OK);

    static const size_t too_small[] = {0, 1, sizeof(size_t), sizeof caller.summary - 1};
    for (size_t i = 0; i < COUNT_OF(too_small); i++) {
        memset(&caller, 0x5a, sizeof caller);
        caller.summary.struct_bytes = too_small[i];
        assert_int_equal(ti_stats_get(stats, &caller.summary), TI_EVALUE);
        assert_int_equal(caller.summary.struct_bytes, too_small[i]);
        assert_int_equal(caller.summary.count, UINT64_C(0x5a5a5a5a5a5a5a5a));
    }
    memset(&caller, 0x5a, sizeof caller);
    caller.summary.struct_bytes = sizeof caller;
    assert_int_equal(ti_stats_get(stats, &caller.summary), TI_OK);
    assert_int_equal(caller.summary.struct_bytes, sizeof caller);
    assert_int_equal(caller.summary.count, 100);
    assert_true(caller.summary.mean == 1 && caller.summary.std == 0);
    for (size_t i = 0; i < sizeof caller.newer; i++) {
        assert_int_equal(caller.newer[i], 0x5a);
    }
    ti_stats_free(stats);
    ti_plan_free(plan);
}

static void ranges(void **state) {
    struct ti_plan *plan = test_plan("shape=100&scheme=normal");
    struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
    struct ti_stats *stats;
    (void)state;
    assert_int_equal(ti_stats_make(plan, &stats), TI_OK);
    assert_int_equal(ti_stats_add(stats, 0, 101, NULL), TI_ERANGE);
    assert_int_equal(ti_stats_add(stats, UINT64_MAX, 2, NULL), TI_ERANGE);
    assert_int_equal(ti_stats_get(stats, &summary), TI_OK);
    assert_int_equal(summary.count, 0);
    assert_true(summary.bins_low == -5 && summary.bins_high == 5);
    assert_int_equal(ti_stats_add(stats, 90, 10, NULL), TI_OK);
    assert_int_equal(ti_stats_get(stats, &summary), TI_OK);
    assert_int_equal(summary.count, 10);
    ti_stats_free(stats);
    ti_stats_free(NULL);
    ti_plan_free(plan);
}

/* Wherever a caller cuts the ranges, down to single elements: the same numbers to the bit. */
static void cuts(void **state) {
    static const char *const rows[] = {
        "shape=50,100&scheme=normal", "shape=50,100&scheme=uniform&dtype=f8_e4m3",
        "shape=50,100&scheme=normal&dtype=f64&permute=1,0"};
    static const uint64_t sizes[] = {1, 7, 1000, 1024, 1025, 4999};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_plan *plan = test_plan(rows[i]);
        const struct ti_stats_summary whole = summary_of(rows[i]);
        for (size_t k = 0; k < COUNT_OF(sizes); k++) {
            struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
            struct ti_stats *stats;
            assert_int_equal(ti_stats_make(plan, &stats), TI_OK);
            for (uint64_t at = 0, now; at < 5000; at += now) {
                now = 5000 - at < sizes[k] ? 5000 - at : sizes[k];
                assert_int_equal(ti_stats_add(stats, at, now, NULL), TI_OK);
            }
            assert_int_equal(ti_stats_get(stats, &summary), TI_OK);
            assert_row(memcmp(&summary, &whole, sizeof whole) == 0, rows[i]);
            ti_stats_free(stats);
        }
        ti_plan_free(plan);
    }
}

/* Parts that are merged in order give the very summary of the whole. */
static void parts(void **state) {
    static const char *const rows[] = {
        "shape=10000&scheme=normal",
        "shape=8192&scheme=uniform&low=-3&high=-1&dtype=f64",
        "shape=60,50&scheme=sparse&sparsity=0.5",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct ti_stats_summary whole = summary_of(rows[i]);
        struct test_tensor tensor = test_tensor(rows[i]);
        struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
        struct ti_stats *stats, *part;
        assert_int_equal(ti_stats_make(tensor.plan, &stats), TI_OK);
        assert_int_equal(ti_stats_make_part(tensor.plan, 2048, &part), TI_OK);
        assert_int_equal(ti_stats_merge(stats, stats), TI_ERANGE);
        for (uint64_t at = 0, now; at < tensor.info->elems; at += now) {
            now = tensor.info->elems - at < 2048 ? tensor.info->elems - at : 2048;
            assert_int_equal(ti_stats_add(part, at, now, tensor.workspace), TI_OK);
            assert_int_equal(ti_stats_merge(stats, part), TI_OK);
        }
        assert_int_equal(ti_stats_get(stats, &summary), TI_OK);
        assert_row(memcmp(&summary, &whole, sizeof whole) == 0, rows[i]);
        /* More than its maximum, and behind a group that is not complete. */
        for (int k = 0; k < 2; k++) {
            assert_int_equal(ti_stats_add(part, 0, 2000, tensor.workspace), TI_OK);
        }
        assert_int_equal(ti_stats_merge(stats, part), TI_ERANGE);
        ti_stats_free(part);
        ti_stats_free(stats);
        test_tensor_clear(&tensor);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(huge_ranges),
        cmocka_unit_test(distances),
        cmocka_unit_test(without_distribution),
        cmocka_unit_test(struct_sizes),
        cmocka_unit_test(ranges),
        cmocka_unit_test(cuts),
        cmocka_unit_test(parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
