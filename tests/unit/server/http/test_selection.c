/* SPDX-License-Identifier: MIT */
/*
 * server/http/selection: conditions before ranges, in the order of RFC 9110 section 13.2.2, and
 * what the response says of the bytes.
 */
#include <stdlib.h>

#include "server/http/selection.h"
#include "support/test.h"

#define TAG "0123456789abcdef0123456789abcdef"
#define OTHER "\"00000000000000000000000000000000\""
#define QUOTED "\"" TAG "\""

static const struct tid_representation tensor = {TAG, 1000, "application/x-npy",
                                                 "tensor"};

static const struct {
    enum tid_method method;
    const char *if_match, *if_none_match, *if_range, *range;
    unsigned status;
    uint64_t bytes;            /* of 200 and 206 */
    const char *content_range; /* NULL: none */
} rows[] = {
    {TID_METHOD_GET, NULL, NULL, NULL, NULL, 200, 1000, NULL},
    {TID_METHOD_HEAD, NULL, NULL, NULL, NULL, 200, 1000, NULL},
    {TID_METHOD_GET, NULL, NULL, NULL, "bytes=0-9", 206, 10, "bytes 0-9/1000"},
    {TID_METHOD_GET, NULL, NULL, NULL, "bytes=-1", 206, 1, "bytes 999-999/1000"},
    {TID_METHOD_GET, NULL, NULL, NULL, "bytes=1000-", 416, 0, "bytes */1000"},
    /* Section 14.2: Range is for GET only, and unknown units are as if it were absent. */
    {TID_METHOD_HEAD, NULL, NULL, NULL, "bytes=0-9", 200, 1000, NULL},
    {TID_METHOD_GET, NULL, NULL, NULL, "lines=0-9", 200, 1000, NULL},

    /* Step 1: If-Match decides before the range is looked at. */
    {TID_METHOD_GET, OTHER, NULL, NULL, "bytes=1000-", 412, 0, NULL},
    {TID_METHOD_GET, QUOTED, NULL, NULL, "bytes=1000-", 416, 0, "bytes */1000"},
    {TID_METHOD_GET, QUOTED, NULL, NULL, "bytes=5-", 206, 995, "bytes 5-999/1000"},

    /* Step 3: so does If-None-Match, as 304 to GET and HEAD, as 412 to others. */
    {TID_METHOD_GET, NULL, QUOTED, NULL, "bytes=1000-", 304, 1000, NULL},
    {TID_METHOD_HEAD, NULL, "*", NULL, NULL, 304, 1000, NULL},
    {TID_METHOD_POST, NULL, QUOTED, NULL, NULL, 412, 0, NULL},
    {TID_METHOD_GET, NULL, OTHER, NULL, "bytes=0-0", 206, 1, "bytes 0-0/1000"},
    {TID_METHOD_GET, OTHER, QUOTED, NULL, NULL, 412, 0, NULL},

    /* Step 5: a range of another representation is ignored, without an error. */
    {TID_METHOD_GET, NULL, NULL, QUOTED, "bytes=0-9", 206, 10, "bytes 0-9/1000"},
    {TID_METHOD_GET, NULL, NULL, OTHER, "bytes=0-9", 200, 1000, NULL},
    {TID_METHOD_GET, NULL, NULL, OTHER, "bytes=1000-", 200, 1000, NULL},
    {TID_METHOD_GET, NULL, NULL, "W/" QUOTED, "bytes=0-9", 200, 1000, NULL},
};

static void assert_field(const struct tid_response *response, const char *name,
                         const char *value) {
    const char *found = tid_response_field(response, name);
    if (!found != !value || (found && value && strcmp(found, value) != 0))
        fail_msg("%s: %s, not %s", name, found ? found : "none", value ? value : "none");
}

static struct tid_request request_of(size_t row) {
    struct tid_request request = {.method = rows[row].method};
    request.fields[TID_FIELD_IF_MATCH] = rows[row].if_match;
    request.fields[TID_FIELD_IF_NONE_MATCH] = rows[row].if_none_match;
    request.fields[TID_FIELD_IF_RANGE] = rows[row].if_range;
    request.fields[TID_FIELD_RANGE] = rows[row].range;
    return request;
}

static void order(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tid_request request = request_of(i);
        struct tid_selection selection;
        struct tid_response response;
        const bool selected =
            tid_selection_make(&request, &tensor, &selection, &response);
        if (selected) {
            tid_response_init(&response, selection.status);
            tid_validators_add(&response, &tensor);
            tid_selection_add_range(&response, &tensor, &selection);
            if (selection.bytes != rows[i].bytes)
                fail_msg("row %zu: %llu bytes", i, (unsigned long long)selection.bytes);
            free(selection.multipart);
        }
        if (response.status != rows[i].status)
            fail_msg("row %zu: %u", i, response.status);
        assert_field(&response, "Content-Range", rows[i].content_range);
        /* Clients that resume recognize the bytes by any of the responses. */
        assert_field(&response, "ETag", QUOTED);
        assert_field(&response, "Accept-Ranges", "bytes");
        tid_response_clear(&response);
    }
}

/* Section 15.3.7.2: the type is that of the parts together, and no Content-Range. */
static void several_ranges(void **state) {
    struct tid_request request = {.method = TID_METHOD_GET};
    struct tid_selection selection;
    struct tid_response response;
    (void)state;
    request.fields[TID_FIELD_RANGE] = "bytes=0-9, 500-509";
    assert_true(tid_selection_make(&request, &tensor, &selection, &response));
    assert_int_equal(selection.status, 206);
    assert_non_null(selection.multipart);
    assert_true(selection.bytes > 20);
    tid_response_init(&response, selection.status);
    tid_response_static(&response, "Content-Type", tensor.media_type);
    tid_selection_add_range(&response, &tensor, &selection);
    assert_field(&response, "Content-Range", NULL);
    const char *type = tid_response_field(&response, "Content-Type");
    assert_int_equal(strncmp(type, "multipart/byteranges; boundary=", 31), 0);
    assert_string_equal(type + 31, selection.multipart->boundary);
    free(selection.multipart);
    tid_response_clear(&response);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(order),
                                       cmocka_unit_test(several_ranges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
