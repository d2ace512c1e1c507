/* SPDX-License-Identifier: MIT */
/* The client's parts without a server: requests, headers, problems, retries. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/client_response.h"
#include "client/problem_json.h"
#include "client/client_request.h"
#include "client/resume.h"
#include "client/verify.h"

static struct tic_request *make(const char *url) {
    struct tic_request *request = NULL;
    struct ti_error error;
    if (tic_request_make(url, &request, &error) != TI_OK) fail_msg("%s", error.text);
    return request;
}

static void expect_url(const struct tic_request *request, const char *wanted) {
    char *url;
    assert_int_equal(tic_request_url(request, &url, NULL), TI_OK);
    assert_string_equal(url, wanted);
    free(url);
}

static void wants_a_servers_url(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "127.0.0.1:8080",
        "localhost:8080",
        "ftp://host",
        "file:///etc/passwd",
        "http://",
        "http://h/?a=1",
        "http://h?",
        "http://h/#x",
        "http://h:99999",
        "/x",
        "http//h",
        "https:/",
        "http://h:80x",
        "http://[::1",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct tic_request *request = NULL;
        struct ti_error error;
        assert_row(tic_request_make(wrong[i], &request, &error) == TI_EVALUE, wrong[i]);
        assert_string_equal(error.field, "server");
        assert_null(request);
    }
    static const char *const right[] = {"http://127.0.0.1:8080",
                                        "http://127.0.0.1:8080///", "HTTPS://host",
                                        "http://[::1]:80/a/b/"};
    static const char *const urls[] = {"http://127.0.0.1:8080", "http://127.0.0.1:8080",
                                       "HTTPS://host", "http://[::1]:80/a/b"};
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        char wanted[64];
        struct tic_request *request = make(right[i]);
        snprintf(wanted, sizeof wanted, "%s/v1/tensor", urls[i]);
        expect_url(request, wanted);
        tic_request_free(request);
    }
    tic_request_free(NULL);
}

static void sets_and_takes_away(void **state) {
    (void)state;
    struct tic_request *request = make("http://h");
    struct ti_error error;
    assert_int_equal(tic_request_set(request, "a", "1", &error), TI_OK);
    assert_int_equal(tic_request_set(request, "b", "", &error), TI_OK);
    assert_int_equal(tic_request_set(request, "c", "-._~,:", &error), TI_OK);
    assert_int_equal(tic_request_set(request, "a", "2", &error), TI_EDUPLICATE);
    assert_string_equal(error.field, "a");
    assert_int_equal(tic_request_set(request, "", "2", NULL), TI_EPARAM);
    expect_url(request, "http://h/v1/tensor?a=1&b=&c=-._~,:");
    assert_int_equal(tic_request_set(request, "a", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "x", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "a", "2\n\"", &error), TI_OK);
    expect_url(request, "http://h/v1/tensor?b=&c=-._~,:&a=2%0A%22");
    tic_request_free(request);
}

static void takes_queries(void **state) {
    (void)state;
    static const struct {
        const char *query;
        enum ti_status code;
        const char *url;
    } rows[] = {
        {"", TI_OK, "http://h/v1/tensor"},
        {"shape=2,3&name=a+b%2Bc", TI_OK, "http://h/v1/tensor?shape=2,3&name=a%20b%2Bc"},
        {"%73hape=2%2c3", TI_OK, "http://h/v1/tensor?shape=2,3"},
        {"a==", TI_OK, "http://h/v1/tensor?a=%3D"},
        {"a=1&a=2", TI_EDUPLICATE, "http://h/v1/tensor?a=1"},
        {"a=1&b=%", TI_EVALUE, "http://h/v1/tensor?a=1"},
        {"a=%4", TI_EVALUE, "http://h/v1/tensor"},
        {"a=%4&b=%41", TI_EVALUE, "http://h/v1/tensor"},
        {"a=%g0", TI_EVALUE, "http://h/v1/tensor"},
        {"a=%00", TI_EVALUE, "http://h/v1/tensor"},
        {"a=1&", TI_EVALUE, "http://h/v1/tensor?a=1"},
        {"&a=1", TI_EVALUE, "http://h/v1/tensor"},
        {"shape", TI_EVALUE, "http://h/v1/tensor"},
        {"=1", TI_EPARAM, "http://h/v1/tensor"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tic_request *request = make("http://h");
        assert_row(tic_request_set_query(request, rows[i].query, NULL) == rows[i].code,
                   rows[i].query);
        expect_url(request, rows[i].url);
        tic_request_free(request);
    }
}

static void counts_elements(void **state) {
    (void)state;
    struct tic_request *request = make("http://h");
    struct ti_error error;
    uint64_t first, count;
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_OK);
    assert_true(first == 0 && count == TIC_TO_END);
    assert_int_equal(tic_request_elems(request, 3, 5, &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_OK);
    assert_true(first == 12 && count == 20);
    assert_int_equal(tic_request_set(request, "dtype", "f64", &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_OK);
    assert_true(first == 24 && count == 40);
    assert_int_equal(tic_request_elems(request, INT64_MAX, 1, &error), TI_ERANGE);
    assert_int_equal(tic_request_elems(request, UINT64_MAX, TIC_TO_END, &error),
                     TI_ERANGE);
    assert_int_equal(tic_request_elems(request, 0, UINT64_MAX - 1, &error), TI_ERANGE);
    assert_int_equal(tic_request_elems(request, (uint64_t)1 << 60, 0, &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_ERANGE);
    assert_int_equal(tic_request_set(request, "format", "npy", &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_EINAPPLICABLE);
    assert_string_equal(error.field, "format");
    assert_int_equal(tic_request_bytes(request, 3, TIC_TO_END, &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_OK);
    assert_true(first == 3 && count == TIC_TO_END);
    assert_int_equal(tic_request_set(request, "format", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "dtype", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "dtype", "c128", &error), TI_OK);
    assert_int_equal(tic_request_elems(request, 0, 1, &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_EVALUE);
    tic_request_free(request);
}

static void reads_shapes(void **state) {
    (void)state;
    uint64_t shape[TI_MAX_RANK], elems;
    unsigned rank;
    static const char *const wrong[] = {
        "",
        ",",
        "2,",
        ",2",
        "2,,3",
        "2, 3",
        "-1",
        "+1",
        "0x2",
        "2;3",
        " 2",
        "2 ",
        "a",
        "scalar,",
        "18446744073709551616",
        "4294967296,4294967296",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_row(!tic_read_shape(wrong[i], &rank, shape, &elems), wrong[i]);
    }
    assert_true(tic_read_shape("scalar", &rank, shape, &elems) && rank == 0 &&
                elems == 1);
    assert_true(tic_read_shape("4294967296,4294967296,0", &rank, shape, &elems));
    assert_true(rank == 3 && elems == 0);
    assert_true(tic_read_shape("007,2", &rank, shape, &elems) && elems == 14);
    char many[2 * (TI_MAX_RANK + 1)];
    for (size_t i = 0; i < sizeof many; i++) many[i] = i % 2 ? ',' : '1';
    many[2 * TI_MAX_RANK - 1] = '\0';
    assert_true(tic_read_shape(many, &rank, shape, &elems) && rank == TI_MAX_RANK);
    many[2 * TI_MAX_RANK - 1] = ',';
    many[sizeof many - 1] = '\0';
    assert_false(tic_read_shape(many, &rank, shape, &elems));
}

static enum tic_line give(struct tic_answer *answer, const char *line) {
    return tic_answer_line(answer, line, strlen(line));
}

static void collects_fields(void **state) {
    (void)state;
    struct tic_answer answer = {0};
    size_t count;
    assert_null(tic_answer_get(&answer, "A", &count));
    assert_int_equal(give(&answer, "HTTP/1.1 100 Continue\r\n"), TIC_LINE_OK);
    assert_int_equal(give(&answer, "A: old\r\n"), TIC_LINE_OK);
    assert_int_equal(give(&answer, "\r\n"), TIC_LINE_END);
    assert_int_equal(give(&answer, "HTTP/2 206\r\n"), TIC_LINE_OK);
    assert_int_equal(answer.status, 206);
    assert_int_equal(answer.http_major, 2);
    assert_null(tic_answer_get(&answer, "A", NULL));
    static const char *const lines[] = {"B:1\r\n",      "b: \t2 \t\r\n",  "Empty:\r\n",
                                        "no colon\r\n", " folded: x\r\n", "C: d: e\n"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_int_equal(give(&answer, lines[i]), TIC_LINE_OK);
    }
    assert_int_equal(tic_answer_line(&answer, "N\0B: 9\r\n", 8), TIC_LINE_OK);
    assert_string_equal(tic_answer_get(&answer, "B", &count), "1");
    assert_int_equal(count, 2);
    assert_string_equal(tic_answer_get(&answer, "EMPTY", NULL), "");
    assert_string_equal(tic_answer_get(&answer, "c", &count), "d: e");
    assert_null(tic_answer_get(&answer, "folded", NULL));
    assert_null(tic_answer_get(&answer, "N", NULL));
    assert_int_equal(give(&answer, "HTTP/1.1 99999999999999999999\r\n"), TIC_LINE_OK);
    assert_int_equal(give(&answer, "HTTP/1.1\r\n"), TIC_LINE_OK);
    assert_int_equal(answer.status, 0);
    tic_answer_clear(&answer);
}

static void reads_problems(void **state) {
    (void)state;
    static const struct {
        int http;
        const char *body;
        enum ti_status code;
        const char *field, *text;
    } rows[] = {
        {400,
         "{\"title\":\"required parameter missing\",\"detail\":\"d\","
         "\"field\":\"shape\"}",
         TI_EMISSING, "shape", "d"},
        {500, "{\"title\":\"required parameter missing\"}", TI_ESERVER, "",
         "required parameter missing"},
        {200, "{\"title\":\"no error\"}", TI_ESERVER, "", "no error"},
        {416, "{\"title\":\"x\"}", TI_ERANGE, "", "x"},
        {400, "{\"title\":1,\"detail\":[],\"field\":{}}", TI_ESERVER, "",
         "the server answered with HTTP status 400"},
        {400, "[\"title\"]", TI_ESERVER, "", "the server answered with HTTP status 400"},
        {400, "{\"detail\":\"a\\nb\"", TI_ESERVER, "",
         "the server answered with HTTP status 400"},
        {400,
         "{\"detail\":\"a\\nb\",\"field\":\"abcdefghijklmnopqrstuvwxyzabcdefghijkl\"}",
         TI_ESERVER, "abcdefghijklmnopqrstuvwxyzabcde", "a?b"},
        {503, "", TI_ESERVER, "", "the server answered with HTTP status 503"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_error error;
        const char *body = rows[i].body;
        assert_int_equal(tic_problem(rows[i].http, body, strlen(body), &error),
                         rows[i].code);
        assert_int_equal(error.code, rows[i].code);
        assert_string_equal(error.field, rows[i].field);
        assert_string_equal(error.text, rows[i].text);
        assert_int_equal(tic_problem(rows[i].http, body, strlen(body), NULL),
                         rows[i].code);
    }
}

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
        /* Progress makes up for failures. */
        failure.progress_bytes = 1 << 20;
        assert_true(tic_resume_wait(&resume, numbers, &failure, &pause_ms));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wants_a_servers_url), cmocka_unit_test(sets_and_takes_away),
        cmocka_unit_test(takes_queries),       cmocka_unit_test(counts_elements),
        cmocka_unit_test(reads_shapes),        cmocka_unit_test(collects_fields),
        cmocka_unit_test(reads_problems),      cmocka_unit_test(decides_on_retries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
