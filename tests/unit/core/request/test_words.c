/* SPDX-License-Identifier: MIT */
/* core/request/words: lists of words. */
#include "core/request/words.h"

#include "support/test.h"

static void find_and_at(void **state) {
    static const char list[] = "fan_in, fan_out, fan";
    unsigned position = 7;
    size_t n;
    (void)state;
    assert_true(ti_words_find(list, "fan_in", 6, &position));
    assert_int_equal(position, 0);
    assert_true(ti_words_find(list, "fan", 3, &position));
    assert_int_equal(position, 2);
    assert_true(ti_words_find(list, "fan_out, fan", 7, NULL));
    static const char *const absent[] = {"",    "fa",      "fan_",
                                         "Fan", "fan_in,", "fan_in, fan_out"};
    for (size_t i = 0; i < COUNT_OF(absent); i++) {
        assert_row(!ti_words_find(list, absent[i], strlen(absent[i]), &position),
                   absent[i]);
    }
    assert_int_equal(position, 2);
    assert_false(ti_words_find("", "a", 1, NULL));
    assert_false(ti_words_find("", "", 0, NULL));
    assert_memory_equal(ti_words_at(list, 1, &n), "fan_out", 7);
    assert_int_equal(n, 7);
    assert_memory_equal(ti_words_at(list, 2, &n), "fan", 3);
    assert_int_equal(n, 3);
}

static void next(void **state) {
    const char *list = "a, bc,d", *word;
    size_t n;
    (void)state;
    assert_true(ti_words_next(&list, &word, &n));
    assert_true(n == 1 && *word == 'a');
    assert_true(ti_words_next(&list, &word, &n));
    assert_true(n == 2 && *word == 'b');
    assert_true(ti_words_next(&list, &word, &n));
    assert_true(n == 1 && *word == 'd');
    assert_false(ti_words_next(&list, &word, &n));
}

/* What does not fit is left out; nothing is written beyond the buffer. */
static void add(void **state) {
    char list[12] = "";
    (void)state;
    ti_words_add(list, sizeof list, "oi");
    assert_string_equal(list, "oi");
    ti_words_add(list, sizeof list, "io");
    assert_string_equal(list, "oi, io");
    ti_words_add(list, sizeof list, "longer");
    assert_string_equal(list, "oi, io, lon");
    ti_words_add(list, sizeof list, "more");
    assert_string_equal(list, "oi, io, lon");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find_and_at),
        cmocka_unit_test(next),
        cmocka_unit_test(add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
