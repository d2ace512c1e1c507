/* SPDX-License-Identifier: MIT */
/* server/http/limit_problem: what a limit refuses, what it says, counts and logs. */
#include <stdio.h>
#include <unistd.h>

#include "server/http/limit_problem.h"
#include "support/test.h"

static struct tid_limits limits;
static const struct tid_context context = {.limits = &limits};

static void set(uint64_t stats_elems, uint64_t client_connections) {
    memset(&limits, 0, sizeof limits);
    tid_limits_set(&limits,
                   &(struct tid_limit_values){.stats_elems = stats_elems,
                                              .client_connections = client_connections});
}

/* What is allowed leaves the response as it was; a limit is part of it. */
static void beyond(void **state) {
    struct tid_response response, before;
    (void)state;
    set(1000, 0);
    memset(&response, 'x', sizeof response);
    before = response;
    assert_false(tid_refuse_beyond(&context, TID_LIMIT_stats_elems, 1000, &response));
    assert_false(
        tid_refuse_beyond(&context, TID_LIMIT_digest_bytes, UINT64_MAX, &response));
    assert_memory_equal(&response, &before, sizeof response);
    assert_int_equal(tid_limit_refused(&limits, TID_LIMIT_stats_elems), 0);
    assert_true(tid_refuse_beyond(&context, TID_LIMIT_stats_elems, 1001, &response));
    assert_int_equal(tid_limit_refused(&limits, TID_LIMIT_stats_elems), 1);
    assert_int_equal(tid_limit_refused(&limits, TID_LIMIT_digest_bytes), 0);
    assert_int_equal(response.status, 400);
    assert_string_equal(response.text + response.problem.field, "shape");
    tid_response_clear(&response);
}

/* Each problem names the number, the option and what to do; it fits. */
static void problems(void **state) {
    struct tid_limit_values values;
    (void)state;
    uint64_t *const each = (uint64_t *)&values;
    for (unsigned i = 0; i < TID_LIMIT_COUNT; i++) each[i] = UINT64_MAX - i;
    tid_limits_set(&limits, &values);
    for (unsigned i = 0; i < TID_LIMIT_COUNT; i++) {
        const struct tid_limit_info *info = tid_limit_get((enum tid_limit)i);
        struct tid_response response;
        char number[32];
        snprintf(number, sizeof number, " %llu ", (unsigned long long)UINT64_MAX - i);
        tid_limit_problem(&context, (enum tid_limit)i, &response);
        const char *detail = response.text + response.problem.detail;
        assert_row(response.status == info->status, info->name);
        assert_row(strstr(detail, number), detail);
        assert_row(strstr(detail, info->option), detail);
        assert_row(strcmp(detail + strlen(detail) - strlen(info->advice), info->advice) ==
                       0,
                   detail);
        /* RFC 6585 section 4, RFC 9110 section 15.6.4: when it may be allowed. */
        assert_row(!tid_response_field(&response, "Retry-After") == (info->status == 400),
                   info->name);
        tid_response_clear(&response);
    }
}

/* A flood of refusals is counted, and is one line of the log, which names a client. */
static void log_of_a_flood(void **state) {
    static char text[4096];
    int ends[2];
    (void)state;
    set(0, 3);
    const int standard_error = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    for (int i = 0; i < 20; i++)
        tid_limit_reached(&context, TID_LIMIT_client_connections, "192.0.2.7");
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    close(ends[1]);
    const ssize_t bytes = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    assert_true(bytes > 0);
    const char *line_end = memchr(text, '\n', (size_t)bytes);
    assert_ptr_equal(line_end, text + bytes - 1);
    assert_non_null(strstr(text, "429"));
    assert_non_null(strstr(text, "192.0.2.7"));
    assert_non_null(strstr(text, "3 connections of one address"));
    assert_non_null(strstr(text, "--max-client-connections"));
    assert_int_equal(tid_limit_refused(&limits, TID_LIMIT_client_connections), 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beyond),
        cmocka_unit_test(problems),
        cmocka_unit_test(log_of_a_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
