/* SPDX-License-Identifier: MIT */
/* server/documents/json_text and buffer: how documents are written, and lists read. */
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "server/documents/buffer.h"
#include "server/documents/json_text.h"
#include "support/test.h"

/* Ends 'object'. */
static void assert_document(json_t *object, const char *expected) {
    char *text = tid_json_text(object);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(object);
}

static const struct {
    double value;
    const char *text;
} reals[] = {
    {0, "0"},
    {-0.0, "-0"},
    {2, "2"},
    {-0.5, "-0.5"},
    {0.02, "0.02"},
    {1e-7, "1e-07"},
    {1e16, "1e16"},
    {1.0 / 3, "0.3333333333333333"},
    {0.1 + 0.2, "0.30000000000000004"},
    {DBL_MAX, "1.7976931348623157e308"},
    {5e-324, "5e-324"},
};

static void spells_reals(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reals); i++) {
        char expected[64];
        json_t *object = json_object();
        assert_true(tid_json_set_real(object, "x", reals[i].value));
        snprintf(expected, sizeof expected, "{\n  \"x\": %s\n}\n", reals[i].text);
        assert_document(object, expected);
    }
}

/* Readers of JSON get the same binary64 back. */
static void reals_read_back(void **state) {
    (void)state;
    for (int i = 1; i < 2000; i++) {
        const double value = sqrt(2.0 / i);
        json_t *object = json_object();
        assert_true(tid_json_set_real(object, "x", value));
        char *text = tid_json_text(object);
        json_t *parsed = json_loads(text, 0, NULL);
        assert_true(json_number_value(json_object_get(parsed, "x")) == value);
        json_decref(parsed);
        free(text);
        json_decref(object);
    }
}

static void writes_members(void **state) {
    json_t *object = json_object();
    (void)state;
    assert_true(tid_json_set_u64(object, "a\"b", UINT64_MAX));
    assert_true(tid_json_set_real(object, "nan", NAN));
    assert_true(tid_json_set_real(object, "inf", -INFINITY));
    assert_true(tid_json_set_text(object, "text", "x\ny"));
    assert_int_equal(json_object_set_new(object, "shape", json_pack("[i, i]", 2, 3)), 0);
    assert_int_equal(
        json_object_set_new(object, "rows", json_pack("[{s:i}, {s:i}]", "k", 1, "k", 2)),
        0);
    assert_document(object, "{\n"
                            "  \"a\\\"b\": \"18446744073709551615\",\n"
                            "  \"text\": \"x\\ny\",\n"
                            "  \"shape\": [2, 3],\n"
                            "  \"rows\": [\n"
                            "    {\"k\": 1},\n"
                            "    {\"k\": 2}\n"
                            "  ]\n"
                            "}\n");
}

static void reads_lists(void **state) {
    static const char *const spellings[] = {"a, bc,d", "a,bc,d", "a, bc, d, "};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        json_t *object = json_object();
        json_object_set_new(object, "list", tid_json_list(spellings[i]));
        assert_document(object, "{\n  \"list\": [\"a\", \"bc\", \"d\"]\n}\n");
    }
    json_t *empty = tid_json_list("");
    assert_int_equal(json_array_size(empty), 0);
    json_decref(empty);
}

static void reads_pairs(void **state) {
    (void)state;
    assert_document(
        tid_json_pairs("mode=fan_in&axis=0,1&empty=", "&"),
        "{\n  \"mode\": \"fan_in\",\n  \"axis\": \"0,1\",\n  \"empty\": \"\"\n}\n");
    assert_document(tid_json_pairs("mean, stddev=std", ", "),
                    "{\n  \"mean\": \"mean\",\n  \"stddev\": \"std\"\n}\n");
    json_t *empty = tid_json_pairs("", "&");
    assert_int_equal(json_object_size(empty), 0);
    json_decref(empty);
}

static void buffer_grows(void **state) {
    struct tid_buffer buffer = {0};
    (void)state;
    assert_null(tid_buffer_take(&buffer));
    for (int i = 0; i < 5000; i++) {
        tid_buffer_printf(&buffer, "%05d", i);
        tid_buffer_add(&buffer, ",", 1);
    }
    assert_int_equal(buffer.used_bytes, 30000);
    char *text = tid_buffer_take(&buffer);
    assert_non_null(text);
    assert_int_equal(strlen(text), 30000);
    assert_memory_equal(text, "00000,00001,", 12);
    assert_string_equal(text + 29988, "04998,04999,");
    assert_null(buffer.text);
    free(text);
}

/* What was written before memory ran out is no document. */
static void buffer_fails(void **state) {
    struct tid_buffer buffer = {0};
    (void)state;
    tid_buffer_add(&buffer, "text", 4);
    buffer.failed = true;
    tid_buffer_add(&buffer, "more", 4);
    tid_buffer_printf(&buffer, "%d", 5);
    assert_int_equal(buffer.used_bytes, 4);
    assert_null(tid_buffer_take(&buffer));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spells_reals),   cmocka_unit_test(reals_read_back),
        cmocka_unit_test(writes_members), cmocka_unit_test(reads_lists),
        cmocka_unit_test(reads_pairs),    cmocka_unit_test(buffer_grows),
        cmocka_unit_test(buffer_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
