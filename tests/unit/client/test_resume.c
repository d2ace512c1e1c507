/* SPDX-License-Identifier: MIT */
/* Which failures are retried, and after how long. */
#include "support/test.h"

#include "client/resume.h"

static void decides_on_retries(void **state) {
    (void)state;
    static const struct {
        enum tic_outcome outcome;
        int http;
        bool begun;
        uint64_t after_s;
        bool again;
    } rows[] = {
        {TIC_OUTCOME_BROKEN, 0, false, 0, true},
        {TIC_OUTCOME_DONE, 0, true, 0, true},
        {TIC_OUTCOME_UNREACHED, 0, false, 0, false},
        {TIC_OUTCOME_UNREACHED, 0, true, 0, true},
        {TIC_OUTCOME_GARBAGE, 0, true, 0, false},
        {TIC_OUTCOME_REFUSED, 0, true, 0, false},
        {TIC_OUTCOME_MEMORY, 0, true, 0, false},
        {TIC_OUTCOME_DONE, 400, false, 1, false},
        {TIC_OUTCOME_DONE, 404, false, 1, false},
        {TIC_OUTCOME_DONE, 500, false, 1, false},
        {TIC_OUTCOME_DONE, 429, false, 0, false},
        {TIC_OUTCOME_DONE, 429, false, 1, true},
        {TIC_OUTCOME_DONE, 503, false, 0, true},
        {TIC_OUTCOME_DONE, 503, false, 2, true},
        {TIC_OUTCOME_DONE, 503, false, 3, false},
        {TIC_OUTCOME_DONE, 503, false, UINT64_MAX, false},
    };
    uint64_t numbers[TIC_NUMBER_COUNT] = {[TIC_RETRIES] = 2, [TIC_RETRY_WAIT_MS] = 2500};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tic_resume resume = {0};
        uint64_t pause_ms = 0;
        const struct tic_result result = {.outcome = rows[i].outcome,
                                          .retry_after_s = rows[i].after_s};
        struct tic_failure failure = {&result, rows[i].http, 0, rows[i].begun};
        bool again = tic_resume_wait(&resume, numbers, &failure, &pause_ms);
        if (again != rows[i].again) fail_msg("row %zu", i);
        if (again && rows[i].after_s > 0) {
            assert_int_equal(pause_ms, rows[i].after_s * 1000);
        }
        if (!again) continue;
        assert_true(pause_ms > 0 && pause_ms <= 2500);
        assert_true(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
        assert_false(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
        /* Progress resets the count. */
        failure.progress_bytes = 1 << 20;
        assert_true(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_on_retries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
