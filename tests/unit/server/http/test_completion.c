/* SPDX-License-Identifier: MIT */
/* server/http/completion: what every response has. */
#include <jansson.h>

#include "server/documents/problem.h"
#include "server/http/completion.h"
#include "support/test.h"

static const struct tid_request request = {.id = "id-7", .prefix = "/base"};

static void responses(void **state) {
    static const struct tid_context open = {.cors = "*"}, closed = {0};
    struct tid_response response;
    (void)state;
    tid_response_init(&response, 200);
    tid_response_body_static(&response, "body", 4);
    tid_response_complete(&open, &request, &response);
    assert_string_equal(tid_response_field(&response, "X-Request-Id"), "id-7");
    assert_string_equal(tid_response_field(&response, "Access-Control-Allow-Origin"),
                        "*");
    assert_int_equal(response.status, 200);
    assert_memory_equal(response.bytes, "body", 4);
    tid_response_clear(&response);
    tid_response_init(&response, 204);
    tid_response_complete(&closed, &request, &response);
    assert_string_equal(tid_response_field(&response, "X-Request-Id"), "id-7");
    assert_null(tid_response_field(&response, "Access-Control-Allow-Origin"));
    tid_response_clear(&response);
}

/* A problem gets its document, with the same id, and is as readable as other responses. */
static void problems(void **state) {
    static const struct tid_context context = {.cors = "*"};
    struct tid_response response;
    (void)state;
    tid_problem(&response, 404, "not found", "There is nothing.", "");
    assert_int_equal(response.body, TID_BODY_PROBLEM);
    tid_response_complete(&context, &request, &response);
    assert_int_equal(response.body, TID_BODY_HEAP);
    json_t *document = json_loadb(response.bytes, response.byte_count, 0, NULL);
    assert_non_null(document);
    assert_string_equal(json_string_value(json_object_get(document, "request_id")),
                        tid_response_field(&response, "X-Request-Id"));
    assert_string_equal(json_string_value(json_object_get(document, "type")),
                        "/base/problems/not-found");
    assert_string_equal(tid_response_field(&response, "Access-Control-Allow-Origin"),
                        "*");
    json_decref(document);
    tid_response_clear(&response);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses),
        cmocka_unit_test(problems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
