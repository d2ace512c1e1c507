/* SPDX-License-Identifier: MIT */
/* server/problem: documents of RFC 9457. */
#include <jansson.h>

#include "server/documents/problem.h"
#include "support/test.h"

static json_t *document(const struct tid_response *response) {
    json_t *parsed = json_loadb(response->bytes, response->byte_count, 0, NULL);
    assert_non_null(parsed);
    assert_string_equal(tid_response_field(response, "Content-Type"),
                        "application/problem+json");
    assert_string_equal(tid_response_field(response, "Cache-Control"), "no-store");
    assert_int_equal(json_integer_value(json_object_get(parsed, "status")),
                     response->status);
    return parsed;
}

static const struct tid_request request = {.prefix = "/base", .id = "id-1"};

static const char *text(const json_t *parsed, const char *key) {
    return json_string_value(json_object_get(parsed, key));
}

static void by_hand(void **state) {
    struct tid_response response;
    (void)state;
    tid_problem(&response, 505, "HTTP version not supported", "A \"detail\".\n", "");
    tid_problem_render(&response, &request);
    tid_problem_render(&response, &request);
    json_t *parsed = document(&response);
    assert_string_equal(text(parsed, "type"),
                        "/base/problems/http-version-not-supported");
    assert_string_equal(text(parsed, "request_id"), "id-1");
    assert_string_equal(text(parsed, "title"), "HTTP version not supported");
    assert_string_equal(text(parsed, "detail"), "A \"detail\".\n");
    assert_null(json_object_get(parsed, "field"));
    json_decref(parsed);
    tid_response_clear(&response);
}

/* What may be possible later says when; so does what needs no memory to be said. */
static void retry_after(void **state) {
    struct tid_response response;
    (void)state;
    tid_problem_busy(&response, "Later.");
    tid_problem_render(&response, &(struct tid_request){0});
    json_t *parsed = document(&response);
    assert_int_equal(response.status, 503);
    assert_string_equal(text(parsed, "type"), "/problems/too-busy");
    assert_null(json_object_get(parsed, "request_id"));
    assert_string_equal(tid_response_field(&response, "Retry-After"), "10");
    json_decref(parsed);
    tid_response_clear(&response);
    tid_problem_no_memory(&response);
    json_decref(document(&response));
    assert_int_equal(response.status, 503);
    assert_string_equal(tid_response_field(&response, "Retry-After"), "10");
    tid_response_clear(&response);
}

/* Every code of the library has a status, and a type of letters, digits and dashes. */
static void of_the_library(void **state) {
    static const enum ti_status codes[] = {
#define TI_STATUS(name, http, exit_code, title) TI_##name,
#include <tensorinit/status.def>
#undef TI_STATUS
    };
    (void)state;
    for (size_t i = 1; i < COUNT_OF(codes); i++) {
        struct ti_error error = {.code = codes[i], .field = "shape", .text = "Wrong."};
        struct tid_response response;
        tid_problem_of(&response, &error);
        tid_problem_render(&response, &(struct tid_request){0});
        json_t *parsed = document(&response);
        const char *type = text(parsed, "type");
        assert_row(strncmp(type, "/problems/", 10) == 0, type);
        assert_row(strlen(type) > 10, type);
        assert_row(strspn(type + 10, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
                       strlen(type + 10),
                   type);
        assert_row(response.status >= 400 && response.status < 600, type);
        assert_string_equal(text(parsed, "field"), "shape");
        json_decref(parsed);
        tid_response_clear(&response);
    }
}

static const struct tid_problem_info *find(const char *title) {
    unsigned i = 0;
    while (i < TID_PROBLEM_COUNT && strcmp(tid_problem_get(i)->title, title) != 0) i++;
    return tid_problem_get(i);
}

/* Each kind has a name of its own; what the library reports to the daemon is among them. */
static void table(void **state) {
    (void)state;
    for (unsigned i = 0; i < TID_PROBLEM_COUNT; i++) {
        const struct tid_problem_info *info = tid_problem_get(i);
        char name[TID_PROBLEM_NAME_BYTES], other[TID_PROBLEM_NAME_BYTES];
        assert_row(tid_problem_name(info->title, name) > 0, info->title);
        assert_row(strlen(info->title) < sizeof name, info->title);
        assert_row(info->title[strlen(info->title) - 1] != '.', info->title);
        assert_row(info->explanation[strlen(info->explanation) - 1] == '.', info->title);
        for (unsigned k = 0; k < i; k++) {
            tid_problem_name(tid_problem_get(k)->title, other);
            assert_row(strcmp(name, other) != 0, name);
        }
    }
    for (int code = TI_ENOMEM; code < TI_ENETWORK; code++) {
        const char *title = ti_status_title((enum ti_status)code);
        assert_row(find(title) != NULL, title);
        assert_int_equal(find(title)->status, ti_status_http((enum ti_status)code));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(retry_after),
        cmocka_unit_test(of_the_library),
        cmocka_unit_test(table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
