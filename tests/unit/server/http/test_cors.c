/* SPDX-License-Identifier: MIT */
/* server/http/cors: who may read a response, and what of its header. */
#include "server/http/cors.h"
#include "support/test.h"

static struct tid_request from(const char *origin) {
    struct tid_request request = {.method = TID_METHOD_GET};
    request.fields[TID_FIELD_ORIGIN] = origin;
    return request;
}

static void allowed(void **state) {
    static const struct {
        const char *origins, *origin, *allowed, *vary; /* NULL: absent */
    } rows[] = {
        {"*", NULL, "*", NULL},
        {"*", "https://a.example", "*", NULL},
        {"*", "null", "*", NULL},
        {"none", "https://a.example", NULL, NULL},
        {NULL, "https://a.example", NULL, NULL},
        {"https://a.example", "https://a.example", "https://a.example", "Origin"},
        {"https://a.example", "https://a.example:8443", NULL, "Origin"},
        {"https://a.example", "http://a.example", NULL, "Origin"},
        {"https://a.example", "null", NULL, "Origin"},
        {"https://a.example", NULL, NULL, "Origin"},
        {"https://a,http://b:3000", "http://b:3000", "http://b:3000", "Origin"},
        {"https://a,http://b:3000", "https://a,http://b:3000", NULL, "Origin"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tid_request request = from(rows[i].origin);
        struct tid_response response;
        tid_response_init(&response, 200);
        tid_cors_add(rows[i].origins, &request, &response);
        const char *found = tid_response_field(&response, "Access-Control-Allow-Origin");
        const char *vary = tid_response_field(&response, "Vary");
        const char *exposed =
            tid_response_field(&response, "Access-Control-Expose-Headers");
        assert_row(rows[i].allowed ? found && strcmp(found, rows[i].allowed) == 0
                                   : !found,
                   rows[i].origin);
        assert_row(!vary == !rows[i].vary, rows[i].origin);
        assert_row(!found == !exposed, rows[i].origin);
        assert_null(tid_response_field(&response, "Access-Control-Allow-Credentials"));
    }
}

/* Vary keeps what it has. */
static void vary(void **state) {
    const struct tid_request request = from("https://a");
    struct tid_response response;
    (void)state;
    tid_response_init(&response, 200);
    tid_response_static(&response, "Vary", "Accept");
    tid_cors_add("https://a", &request, &response);
    assert_string_equal(tid_response_field(&response, "Vary"), "Accept, Origin");
}

static void preflight(void **state) {
    struct tid_request request = from("https://a");
    struct tid_response response;
    (void)state;
    for (int i = 0; i < 4; i++) {
        static const char *const origins[] = {"*", "https://a", "https://b", "none"};
        tid_response_init(&response, 204);
        request.fields[TID_FIELD_ACCESS_CONTROL_REQUEST_METHOD] = "GET";
        tid_cors_preflight(origins[i], &request, "GET, HEAD", &response);
        const char *methods =
            tid_response_field(&response, "Access-Control-Allow-Methods");
        assert_true((methods != NULL) == (i < 2));
        assert_true((tid_response_field(&response, "Access-Control-Max-Age") != NULL) ==
                    (i < 2));
        /* OPTIONS without the field is no preflight. */
        tid_response_init(&response, 204);
        request.fields[TID_FIELD_ACCESS_CONTROL_REQUEST_METHOD] = NULL;
        tid_cors_preflight(origins[i], &request, "GET, HEAD", &response);
        assert_int_equal(response.field_count, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allowed),
        cmocka_unit_test(vary),
        cmocka_unit_test(preflight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
