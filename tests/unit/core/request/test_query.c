/* SPDX-License-Identifier: MIT */
/* core/request/query: pairs, plus signs and percent-encoding, and errors. */
#include <stdlib.h>

#include "core/request/spec.h"
#include "support/test.h"

static struct ti_spec *empty_spec(void) {
    struct ti_spec *spec;
    assert_int_equal(ti_spec_make(&spec), TI_OK);
    return spec;
}

/* From the heap, so that the sanitizer sees a read beyond the end. */
static enum ti_status set(struct ti_spec *spec, const char *query, size_t n,
                          struct ti_error *error) {
    char *copy = malloc(n + (n == 0));
    memcpy(copy, query, n);
    enum ti_status status = ti_spec_set_query(spec, copy, n, error);
    free(copy);
    return status;
}

static const struct {
    const char *query, *name;
} names[] = {
    {"name=fc1.weight", "fc1.weight"},
    {"name=", ""},
    {"name=a+b", "a b"},
    {"name=a%20b", "a b"},
    {"name=a%2Bb", "a+b"},
    {"name=a%2bb", "a+b"},
    {"name=%25", "%"},
    {"name=%2541", "%41"}, /* decoded once */
    {"name=a=b", "a=b"},
    {"name==", "="},
    {"name=%c3%a9", "\xc3\xa9"},
    {"name=\xc3\xa9", "\xc3\xa9"},
    {"name=a%26b", "a&b"},
    {"n%61me=x", "x"},
    {"%6e%61%6D%65=x", "x"},
    {"seed=1&name=x", "x"},
    {"name=x&seed=1", "x"},
    {"name=%7f%01", "\x7f\x01"},
    {"name=a;b", "a;b"}, /* no separator, unlike in old HTML */
};

static void decoding(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct ti_spec *spec = empty_spec();
        struct ti_error error = {0};
        if (set(spec, names[i].query, strlen(names[i].query), &error) != TI_OK) {
            fail_msg("%s: %s", names[i].query, error.text);
        }
        assert_true(spec->given[TI_PARAM_name]);
        assert_string_equal(spec->name, names[i].name);
        assert_int_equal(spec->name_bytes, strlen(names[i].name));
        ti_spec_free(spec);
    }
}

static const struct {
    const char *query;
    size_t n; /* 0: strlen */
    enum ti_status code;
    const char *field;
} faults[] = {
    {"nam=x", 0, TI_EPARAM, "nam"},
    {"Name=x", 0, TI_EPARAM, "Name"},
    {"name =x", 0, TI_EPARAM, "name "},
    {"=x", 0, TI_EPARAM, "query"},
    {"=", 0, TI_EPARAM, "query"},
    {"&", 0, TI_EPARAM, "query"},
    {"seed=1&", 0, TI_EPARAM, "query"},
    {"&seed=1", 0, TI_EPARAM, "query"},
    {"seed=1&&name=x", 0, TI_EPARAM, "query"},
    {"seed", 0, TI_EVALUE, "seed"},
    {"seed&name=x", 0, TI_EVALUE, "seed"},
    {"unknown", 0, TI_EVALUE, "unknown"},
    {"seed=1&seed=1", 0, TI_EDUPLICATE, "seed"},
    {"seed=1&s%65ed=2", 0, TI_EDUPLICATE, "seed"},
    {"name=%", 0, TI_EVALUE, "name"},
    {"name=%4", 0, TI_EVALUE, "name"},
    {"name=%g0", 0, TI_EVALUE, "name"},
    {"name=%0g", 0, TI_EVALUE, "name"},
    {"name=%%41", 0, TI_EVALUE, "name"},
    {"name=%4&seed=1", 0, TI_EVALUE, "name"}, /* no digits from the next pair */
    {"na%4=x", 0, TI_EPARAM, "query"},
    {"na%=x", 0, TI_EPARAM, "query"},
    {"%=x", 0, TI_EPARAM, "query"},
    {"name%00=x", 0, TI_EPARAM, "query"},
    {"name=%00", 0, TI_EVALUE, "name"},
    {"name=a%00b", 0, TI_EVALUE, "name"},
    {"name=a\0b", 8, TI_EVALUE, "name"},
    {"na\0me=x", 7, TI_EPARAM, "query"},
    {"name=%c0%80", 0, TI_EVALUE, "name"},
    {"name=%ed%a0%80", 0, TI_EVALUE, "name"},
    {"name=%ff", 0, TI_EVALUE, "name"},
    {"shape=2,%2c3", 0, TI_EVALUE, "shape"},
    {"seed=+1", 0, TI_EVALUE, "seed"}, /* the plus is a space */
};

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct ti_spec *spec = empty_spec();
        struct ti_error error = {TI_OK, "none", ""};
        const size_t n = faults[i].n ? faults[i].n : strlen(faults[i].query);
        const enum ti_status status = set(spec, faults[i].query, n, &error);
        if (status != faults[i].code || error.code != status ||
            strcmp(error.field, faults[i].field) != 0) {
            fail_msg("%s: %s on '%s' (%s), expected %s on '%s'", faults[i].query,
                     ti_status_name(status), error.field, error.text,
                     ti_status_name(faults[i].code), faults[i].field);
        }
        for (const char *c = error.text; *c; c++) assert_in_range(*c, 0x20, 0x7e);
        for (const char *c = error.field; *c; c++) assert_in_range(*c, 0x20, 0x7e);
        ti_spec_free(spec);

        spec = empty_spec(); /* the error object is optional */
        assert_int_equal(set(spec, faults[i].query, n, NULL), faults[i].code);
        ti_spec_free(spec);
    }
}

static void empty(void **state) {
    struct ti_spec *spec = empty_spec();
    (void)state;
    assert_int_equal(ti_spec_set_query(spec, NULL, 0, NULL), TI_OK);
    assert_int_equal(ti_spec_set_query(spec, "seed=1", 0, NULL), TI_OK);
    for (int i = 0; i < TI_PARAM_COUNT; i++) assert_false(spec->given[i]);
    ti_spec_free(spec);
}

/* Parameters before the one at fault are set, those after it are not. */
static void stops_at_the_fault(void **state) {
    struct ti_spec *spec = empty_spec();
    static const char query[] = "seed=7&std=x&mean=1";
    (void)state;
    assert_int_equal(set(spec, query, strlen(query), NULL), TI_EVALUE);
    assert_true(spec->given[TI_PARAM_seed]);
    assert_int_equal(spec->seed, 7);
    assert_false(spec->given[TI_PARAM_std]);
    assert_false(spec->given[TI_PARAM_mean]);
    ti_spec_free(spec);
}

/* Lengths around the buffer on the stack and far beyond; each byte of the name is
   encoded. */
static void long_queries(void **state) {
    (void)state;
    for (size_t bytes = 300; bytes <= TI_MAX_NAME_BYTES + 1; bytes++) {
        struct ti_spec *spec = empty_spec();
        struct ti_error error = {0};
        char *query = malloc(5 + 3 * bytes);
        memcpy(query, "name=", 5);
        for (size_t i = 0; i < bytes; i++) memcpy(query + 5 + 3 * i, "%7A", 3);
        const enum ti_status status =
            ti_spec_set_query(spec, query, 5 + 3 * bytes, &error);
        free(query);
        if (bytes <= TI_MAX_NAME_BYTES) {
            assert_int_equal(status, TI_OK);
            assert_int_equal(spec->name_bytes, bytes);
            for (size_t i = 0; i < bytes; i++) assert_int_equal(spec->name[i], 'z');
        } else {
            assert_int_equal(status, TI_EVALUE);
            assert_string_equal(error.field, "name");
        }
        ti_spec_free(spec);
    }
}

/* Errors quote names and values of any length without an overflow. */
static void long_faults(void **state) {
    (void)state;
    for (size_t bytes = 1; bytes < 3000; bytes = bytes * 5 / 4 + 1) {
        struct ti_error error = {0};
        struct ti_spec *spec = empty_spec();
        char *query = malloc(2 * bytes + 8);
        memset(query, 'k', bytes);
        query[bytes] = '=';
        memset(query + bytes + 1, '\xff', bytes);
        assert_int_equal(set(spec, query, 2 * bytes + 1, &error), TI_EPARAM);
        assert_true(strlen(error.field) == (bytes < 31 ? bytes : 31));
        memcpy(query, "seed=", 5);
        memset(query + 5, '\xff', bytes);
        assert_int_equal(set(spec, query, 5 + bytes, &error), TI_EVALUE);
        assert_string_equal(error.field, "seed");
        free(query);
        ti_spec_free(spec);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding),     cmocka_unit_test(refusals),
        cmocka_unit_test(empty),        cmocka_unit_test(stops_at_the_fault),
        cmocka_unit_test(long_queries), cmocka_unit_test(long_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
