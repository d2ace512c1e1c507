/* SPDX-License-Identifier: MIT */
/* Which failures are retried, and after how long. */
#include "support/test.h"

#include "client/resume.h"

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
        if (tic_resume_is_temporary(&failure) != rows[i].again) fail_msg("row %zu", i);
    }
}

static void waits_for_a_time(void **state) {
    (void)state;
    const uint64_t numbers[TIC_NUMBER_COUNT] = {
        [TIC_RETRY_FOR_MS] = 10000, [TIC_RETRY_WAIT_MS] = 3000};
    struct tic_result result = {.outcome = TIC_OUTCOME_DONE};
    struct tic_failure failure = {.result = &result, .http_status = 503, .servers = 1};
    struct tic_resume resume = {0};
    uint64_t pause_ms, max_ms = 0;
    failure.now_ms = 5000;
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
        /* The limit doubles, up to RETRY_WAIT_MS. */
        assert_true(pause_ms <= (i < 4 ? (uint64_t)250 << i : 3000));
        if (pause_ms > max_ms) max_ms = pause_ms;
    }
    assert_true(max_ms > 2000);
    /* Not beyond the time that is left. */
    failure.now_ms = 14999;
    assert_true(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
    assert_true(pause_ms <= 1);
    failure.now_ms = 15000;
    assert_false(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
    /* Progress begins a new series. */
    failure.progress_bytes = 1 << 20;
    assert_true(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
    assert_true(pause_ms <= 250);
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
        struct tic_failure failure = {
            .result = &result, .http_status = 503, .servers = 1};
        struct tic_resume resume = {0};
        uint64_t pause_ms = 0;
        assert_int_equal(tic_resume_wait(&resume, numbers, &failure, &pause_ms),
                         rows[i].again);
        if (rows[i].again) assert_int_equal(pause_ms, rows[i].after_s * 1000);
        /* Another server is tried at once. */
        failure.servers = 2;
        resume = (struct tic_resume){0};
        assert_true(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
        assert_int_equal(pause_ms, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_passes),
        cmocka_unit_test(waits_for_a_time),
        cmocka_unit_test(honours_retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
