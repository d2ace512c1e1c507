/* SPDX-License-Identifier: MIT */
/*
 * The core when memory runs out: of all allocations of a request the n-th fails, n = 0,
 * 1, 2, ..., until none does. Each time it is TI_ENOMEM, nothing leaks and no result is
 * touched.
 *
 * The sources that allocate are compiled into this program: support/failing_memory.h.
 */
#include "support/failing_memory.h"

#include "core/request/body.c"
#include "core/request/plan.c"
#include "core/request/query.c"
#include "core/request/spec.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "support/test.h"

struct results {
    struct ti_spec *spec;
    struct ti_plan *plan;
    struct ti_body *body;
};

/* A complete request; the objects made are in 'results', also after a failure. */
static enum ti_status request(const char *query, struct results *results,
                              struct ti_error *error) {
    unsigned char byte;
    enum ti_status status = ti_spec_make(&results->spec);
    if (status == TI_OK) {
        status = ti_spec_set_query(results->spec, query, strlen(query), error);
    }
    if (status == TI_OK) status = ti_plan_make(results->spec, &results->plan, error);
    if (status == TI_OK) status = ti_body_make(results->plan, &results->body, error);
    if (status == TI_OK) status = ti_body_read(results->body, 0, 1, &byte, NULL);
    return status;
}

static void release(const struct results *results) {
    ti_body_free(results->body);
    ti_plan_free(results->plan);
    ti_spec_free(results->spec);
}

/* Returns how many allocations a request makes if none fails. */
static size_t fail_each(const char *query, enum ti_status expected) {
    for (size_t n = 0;; n++) {
        struct results results = {NULL, NULL, NULL};
        struct ti_error error = {TI_OK, "none", "none"};
        failing = n, allocation_count = 0;
        const enum ti_status status = request(query, &results, &error);
        const int failed = allocation_count > n;
        failing = SIZE_MAX;
        if (failed && status != TI_ENOMEM) {
            fail_msg("%s: allocation %zu fails: %s", query, n, ti_status_name(status));
        }
        /* ti_spec_make() has no error object */
        if (failed && results.spec) {
            assert_int_equal(error.code, TI_ENOMEM);
            assert_string_equal(error.field, "");
        }
        if (failed) assert_null(results.body);
        release(&results);
        assert_int_equal(live_count, 0);
        if (failed) continue;
        assert_int_equal(status, expected);
        return n;
    }
}

static void requests(void **state) {
    char long_query[4000] = "shape=3,4&format=npy&name=";
    (void)state;
    /* spec, plan and its query, body */
    assert_true(fail_each("shape=3,4&scheme=he_normal&seed=1&format=npy", TI_OK) >= 3);
    assert_true(fail_each("shape=3&scheme=normal&mean=1.5&std=0.1&dtype=f64", TI_OK) >=
                3);
    assert_true(fail_each("shape=scalar&scheme=zeros", TI_OK) >= 3);
    /* one that does not fit the decoder's buffer */
    for (int i = 0; i < 700; i++) strcat(long_query, "%7A");
    assert_true(fail_each(long_query, TI_OK) >= 4);
    /* refused for other reasons: nothing leaks either */
    fail_each("shape=3&scheme=normal&std=-1", TI_EVALUE);
    fail_each("shape=2305843009213693951&scheme=zeros&format=npy", TI_ETOOLARGE);
    fail_each("shape=3,4&groups=2", TI_EVALUE);
    strcat(long_query, "&seed=x");
    fail_each(long_query, TI_EVALUE);
}

/* On failure results are untouched; the error object is optional. */
static void results_are_untouched(void **state) {
    struct ti_spec *const no_spec = (struct ti_spec *)&live_count, *spec = no_spec;
    struct ti_plan *const no_plan = (struct ti_plan *)&live_count, *plan = no_plan;
    struct ti_body *const no_body = (struct ti_body *)&live_count, *body = no_body;
    (void)state;
    failing = 0, allocation_count = 0;
    assert_int_equal(ti_spec_make(&spec), TI_ENOMEM);
    assert_ptr_equal(spec, no_spec);

    failing = SIZE_MAX;
    assert_int_equal(ti_spec_make(&spec), TI_OK);
    assert_int_equal(ti_spec_set(spec, "shape", "3,4", 3, NULL), TI_OK);
    for (size_t n = 0;; n++) {
        struct ti_spec *before = malloc(sizeof *spec);
        memcpy(before, spec, sizeof *spec);
        failing = n, allocation_count = 0;
        const enum ti_status status = ti_plan_make(spec, &plan, NULL);
        assert_memory_equal(before, spec, sizeof *spec);
        free(before);
        if (status == TI_OK) break;
        assert_int_equal(status, TI_ENOMEM);
        assert_ptr_equal(plan, no_plan);
    }
    failing = 0, allocation_count = 0;
    assert_int_equal(ti_body_make(plan, &body, NULL), TI_ENOMEM);
    assert_ptr_equal(body, no_body);
    failing = SIZE_MAX;
    ti_plan_free(plan);
    ti_spec_free(spec);
    assert_int_equal(live_count, 0);
}

/* Filling and reading allocate nothing. */
static void fill_allocates_nothing(void **state) {
    static const char *const queries[] = {
        "shape=30,7&scheme=he_normal&format=npy",
        "shape=30,7&scheme=truncated_normal&truncation=-1,2&dtype=f64",
        "shape=30,7&scheme=uniform&dtype=bf16&slice=::-1,::2",
        "shape=30,7&scheme=ones",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct results results = {NULL, NULL, NULL};
        unsigned char out[30 * 7 * 8];
        assert_int_equal(request(queries[i], &results, NULL), TI_OK);
        const size_t count = allocation_count;
        const struct ti_plan_info *info = ti_plan_info(results.plan);
        assert_int_equal(ti_plan_fill(results.plan, 0, info->elems, out, NULL), TI_OK);
        assert_int_equal(ti_body_read(results.body, 3, 50, out, NULL), TI_OK);
        assert_int_equal(allocation_count, count);
        release(&results);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(results_are_untouched),
        cmocka_unit_test(fill_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
