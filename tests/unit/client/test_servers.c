/* SPDX-License-Identifier: MIT */
/* Which failures are retried, after how long, and at which server. */
#include "support/test.h"

#include "client/servers.h"

static void knows_what_passes(void **state) {
    (void)state;
    static const struct {
        enum tic_outcome outcome;
        int http;
        bool again;
    } rows[] = {
        {TIC_OUTCOME_BROKEN, 0, true},    {TIC_OUTCOME_DONE, 0, true},
        {TIC_OUTCOME_UNREACHED, 0, true}, {TIC_OUTCOME_GARBAGE, 0, false},
        {TIC_OUTCOME_REFUSED, 0, false},  {TIC_OUTCOME_MEMORY, 0, false},
        {TIC_OUTCOME_DONE, 302, false},   {TIC_OUTCOME_DONE, 400, false},
        {TIC_OUTCOME_DONE, 404, false},   {TIC_OUTCOME_DONE, 408, true},
        {TIC_OUTCOME_DONE, 429, true},    {TIC_OUTCOME_DONE, 500, true},
        {TIC_OUTCOME_DONE, 501, false},   {TIC_OUTCOME_DONE, 503, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tic_result result = {.outcome = rows[i].outcome};
        const struct tic_failure failure = {.result = &result,
                                            .http_status = rows[i].http};
        if (tic_failure_is_temporary(&failure) != rows[i].again) fail_msg("row %zu", i);
    }
}

static void waits_for_a_time(void **state) {
    (void)state;
    const uint64_t numbers[TIC_NUMBER_COUNT] = {
        [TIC_RETRY_FOR_MS] = 10000, [TIC_RETRY_WAIT_MS] = 3000};
    const struct tic_result result = {.outcome = TIC_OUTCOME_DONE};
    struct tic_failure failure = {.result = &result, .http_status = 503};
    struct tic_servers servers;
    uint64_t pause_ms, max_ms = 0;
    tic_servers_init(&servers, 1, numbers);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(tic_servers_failed(&servers, 0, &failure, 5000, &pause_ms));
        /* The limit doubles, up to RETRY_WAIT_MS. */
        assert_true(pause_ms <= (i < 4 ? (uint64_t)250 << i : 3000));
        if (pause_ms > max_ms) max_ms = pause_ms;
    }
    assert_true(max_ms > 2000);
    /* Not beyond the time that is left. */
    assert_true(tic_servers_failed(&servers, 0, &failure, 14999, &pause_ms));
    assert_true(pause_ms <= 1);
    assert_false(tic_servers_failed(&servers, 0, &failure, 15000, &pause_ms));
    /* Progress begins a new series; that of another connection as well. */
    failure.progress_bytes = 1 << 20;
    tic_servers_delivered(&servers, 1 << 20);
    assert_true(tic_servers_failed(&servers, 0, &failure, 15000, &pause_ms));
    assert_true(pause_ms <= 250);
    failure.progress_bytes = 0;
    assert_false(tic_servers_failed(&servers, 0, &failure, 25000, &pause_ms));
    tic_servers_delivered(&servers, 1 << 20);
    assert_true(tic_servers_failed(&servers, 0, &failure, 25000, &pause_ms));
    tic_servers_clear(&servers);
}

static void honours_retry_after(void **state) {
    (void)state;
    static const struct {
        uint64_t after_s;
        bool again;
    } rows[] = {{1, true}, {10, true}, {11, false}, {UINT64_MAX, false}};
    const uint64_t numbers[TIC_NUMBER_COUNT] = {[TIC_RETRY_FOR_MS] = 10000};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tic_result result = {.outcome = TIC_OUTCOME_DONE,
                                          .retry_after_s = rows[i].after_s};
        const struct tic_failure failure = {.result = &result, .http_status = 503};
        struct tic_servers servers;
        uint64_t pause_ms = 0;
        tic_servers_init(&servers, 1, numbers);
        assert_int_equal(tic_servers_failed(&servers, 0, &failure, 5, &pause_ms),
                         rows[i].again);
        if (rows[i].again) assert_int_equal(pause_ms, rows[i].after_s * 1000);
        tic_servers_clear(&servers);
        /* Another server is tried at once. */
        tic_servers_init(&servers, 2, numbers);
        assert_true(tic_servers_failed(&servers, 0, &failure, 5, &pause_ms));
        assert_int_equal(pause_ms, 0);
        assert_int_equal(tic_servers_choose(&servers, 5, &pause_ms), 1);
        tic_servers_clear(&servers);
    }
}

/* Connections are spread; a server that has failed is used again after its pause. */
static void spreads_connections(void **state) {
    (void)state;
    const uint64_t numbers[TIC_NUMBER_COUNT] = {[TIC_RETRY_FOR_MS] = 60000};
    const struct tic_result result = {.outcome = TIC_OUTCOME_DONE, .retry_after_s = 2};
    const struct tic_failure failure = {.result = &result, .http_status = 503};
    struct tic_servers servers;
    uint64_t pause_ms;
    tic_servers_init(&servers, 3, numbers);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(tic_servers_choose(&servers, 1000, &pause_ms), i % 3);
        assert_int_equal(pause_ms, 0);
    }
    tic_servers_leave(&servers, 1);
    assert_true(tic_servers_failed(&servers, 1, &failure, 1000, &pause_ms));
    assert_int_equal(pause_ms, 0);
    assert_int_equal(tic_servers_choose(&servers, 2999, &pause_ms), 0);
    assert_int_equal(tic_servers_choose(&servers, 3000, &pause_ms), 1);
    /* All are waiting: the first that may be used. */
    for (size_t i = 0; i < 3; i++) {
        assert_true(
            tic_servers_failed(&servers, 2 - i, &failure, 4000 + 100 * i, &pause_ms));
    }
    assert_int_equal(pause_ms, 1800);
    assert_int_equal(tic_servers_choose(&servers, 4500, &pause_ms), 2);
    assert_int_equal(pause_ms, 1500);
    tic_servers_clear(&servers);
}

static void excludes_for_good(void **state) {
    (void)state;
    const uint64_t numbers[TIC_NUMBER_COUNT] = {[TIC_RETRY_FOR_MS] = 60000};
    struct ti_error first = {.code = TI_EMISMATCH, .text = "first"},
                    second = {.code = TI_ESERVER, .text = "second"};
    struct tic_servers servers;
    uint64_t pause_ms;
    tic_servers_init(&servers, 2, numbers);
    assert_true(tic_servers_exclude(&servers, 0, &first));
    assert_int_equal(tic_servers_choose(&servers, 0, &pause_ms), 1);
    assert_false(tic_servers_exclude(&servers, 1, &second));
    assert_int_equal(second.code, TI_EMISMATCH);
    assert_string_equal(second.text, "first");
    tic_servers_clear(&servers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_passes),   cmocka_unit_test(waits_for_a_time),
        cmocka_unit_test(honours_retry_after), cmocka_unit_test(spreads_connections),
        cmocka_unit_test(excludes_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
