/* SPDX-License-Identifier: MIT */
/* server/http/response: fields, limits, and a response that moves to another place. */
#include <stdlib.h>

#include "server/http/response.h"
#include "support/test.h"

static unsigned freed;

static void count_free(void *state) {
    assert_ptr_equal(state, &freed);
    freed++;
}

static void fields(void **state) {
    static const char long_value[TID_RESPONSE_TEXT_BYTES] = "x";
    struct tid_response response;
    (void)state;
    tid_response_init(&response, 200);
    tid_response_static(&response, "A", "1");
    tid_response_copy(&response, "B", "234", 2);
    assert_string_equal(tid_response_field(&response, "A"), "1");
    assert_string_equal(tid_response_field(&response, "B"), "23");
    assert_null(tid_response_field(&response, "a"));
    assert_false(response.overflow);
    tid_response_copy(&response, "C", long_value, sizeof long_value);
    assert_true(response.overflow);
    tid_response_init(&response, 200);
    for (unsigned i = 0; i < TID_RESPONSE_FIELDS_MAX; i++)
        tid_response_static(&response, "A", "1");
    assert_false(response.overflow);
    tid_response_static(&response, "A", "1");
    assert_true(response.overflow);
}

/* The first place may be reused at once: nothing points into it. */
static void move(void **state) {
    struct tid_response *from = malloc(sizeof *from), to;
    (void)state;
    freed = 0;
    tid_response_init(from, 206);
    tid_response_static(from, "A", "static");
    tid_response_copy(from, "B", "copied", 6);
    tid_response_copy(from, "C", "", 0);
    tid_response_body_stream(
        from, (struct tid_stream){.bytes = 7, .free = count_free, .state = &freed});
    tid_response_move(&to, from);
    assert_int_equal(from->field_count, 0);
    assert_int_equal(from->body, TID_BODY_EMPTY);
    tid_response_clear(from);
    memset(from, 'x', sizeof *from);
    free(from);
    assert_int_equal(freed, 0);
    assert_int_equal(to.status, 206);
    assert_int_equal(to.field_count, 3);
    assert_string_equal(tid_response_field(&to, "A"), "static");
    assert_string_equal(tid_response_field(&to, "B"), "copied");
    assert_string_equal(tid_response_field(&to, "C"), "");
    tid_response_copy(&to, "D", "more", 4);
    assert_string_equal(tid_response_field(&to, "B"), "copied");
    assert_string_equal(tid_response_field(&to, "D"), "more");
    assert_int_equal(tid_response_bytes(&to), 7);
    tid_response_clear(&to);
    assert_int_equal(freed, 1);
}

static void bodies(void **state) {
    struct tid_response response;
    char *heap = malloc(3);
    (void)state;
    memcpy(heap, "abc", 3);
    tid_response_init(&response, 200);
    assert_int_equal(tid_response_bytes(&response), 0);
    tid_response_body_take(&response, heap, 3);
    assert_int_equal(tid_response_bytes(&response), 3);
    tid_response_clear(&response);
    tid_response_body_static(&response, "abcd", 4);
    assert_int_equal(tid_response_bytes(&response), 4);
    tid_response_clear(&response);
    assert_int_equal(tid_response_bytes(&response), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(move),
        cmocka_unit_test(bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
