/* SPDX-License-Identifier: MIT */
/* server/http/post_body: which bodies are read. */
#include "server/http/post_body.h"
#include "support/test.h"

static const struct {
    const char *type, *length, *coding; /* NULL: absent */
    unsigned status;
    enum tid_post_type accepted;
} rows[] = {
    {NULL, NULL, NULL, 0, TID_POST_NONE},
    {NULL, "0", NULL, 0, TID_POST_NONE},
    {"text/plain", "0", NULL, 0, TID_POST_NONE},
    {"application/json", "1", NULL, 0, TID_POST_JSON},
    {"Application/JSON ; charset=utf-8", "16384", NULL, 0, TID_POST_JSON},
    {"application/x-www-form-urlencoded", "00001", NULL, 0, TID_POST_FORM},
    {"application/json", "16385", NULL, 413, TID_POST_NONE},
    {"text/plain", "18446744073709551616", NULL, 413, TID_POST_NONE},
    {"application/json", "18446744073709551617", NULL, 413, TID_POST_NONE},
    {NULL, "1", NULL, 415, TID_POST_NONE},
    {"", "1", NULL, 415, TID_POST_NONE},
    {"application/json5", "1", NULL, 415, TID_POST_NONE},
    {"application/jso", "1", NULL, 415, TID_POST_NONE},
    {"multipart/form-data; boundary=x", "1", NULL, 415, TID_POST_NONE},
    {"application/json", NULL, "chunked", 411, TID_POST_NONE},
};

static void checks(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_framing framing = {0};
        struct tid_request request = {.method = TID_METHOD_POST};
        enum tid_post_type type;
        request.fields[TID_FIELD_CONTENT_TYPE] = rows[i].type;
        if (rows[i].length)
            tid_framing_add(&framing, "Content-Length", 14, rows[i].length,
                            strlen(rows[i].length));
        if (rows[i].coding)
            tid_framing_add(&framing, "Transfer-Encoding", 17, rows[i].coding,
                            strlen(rows[i].coding));
        const struct tid_rejection rejection =
            tid_post_check(&framing, &request, false, &type);
        assert_int_equal(rejection.status, rows[i].status);
        assert_int_equal(type, rows[i].accepted);
        assert_true((rejection.status == 0) == !rejection.title);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(checks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
