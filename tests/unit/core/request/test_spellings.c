/* SPDX-License-Identifier: MIT */
/*
 * core/request/spellings and typed_query: docs/spellings.tsv through the library, what is
 * not rewritten, and the text functions of <tensorinit/spellings.h>.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/request/spellings.h"
#include "support/test.h"

/* From the heap, so that the sanitizer sees a read beyond the end. */
static enum ti_status plan_lenient(const char *query, struct ti_plan **plan,
                                   struct ti_error *error) {
    const size_t n = strlen(query);
    char *copy = malloc(n + 1);
    struct ti_spec *spec;
    memcpy(copy, query, n);
    assert_int_equal(ti_spec_make(&spec), TI_OK);
    enum ti_status status = ti_spec_set_query_lenient(spec, copy, n, error);
    if (status == TI_OK) status = ti_plan_make(spec, plan, error);
    ti_spec_free(spec);
    free(copy);
    return status;
}

/* The same bytes and entity tag as the canonical query, which is read strictly. */
static void check_row(const char *typed, const char *canonical) {
    struct ti_plan *plan, *plain, *strict = test_plan(canonical);
    struct ti_error error = {TI_OK, "", ""};
    char *text;
    if (plan_lenient(typed, &plan, &error) != TI_OK)
        fail_msg("%s: %s", typed, error.text);
    assert_string_equal(ti_plan_info(plan)->query, canonical);
    assert_string_equal(ti_plan_info(plan)->etag, ti_plan_info(strict)->etag);
    assert_int_equal(ti_query_plain(typed, strlen(typed), &text, &error), TI_OK);
    if (test_plan_try(text, &plain, &error) != TI_OK) {
        fail_msg("%s: %s: %s", typed, text, error.text);
    }
    assert_string_equal(ti_plan_info(plain)->query, canonical);
    free(text);
    ti_plan_free(plan);
    ti_plan_free(plain);
    ti_plan_free(strict);
}

static void table(void **state) {
    FILE *file = fopen("docs/spellings.tsv", "r");
    char *line = NULL;
    size_t capacity = 0, rows = 0;
    (void)state;
    assert_non_null(file);
    for (; getline(&line, &capacity, file) > 0; rows++) {
        char *canonical = strchr(line, '\t');
        assert_non_null(canonical);
        *canonical++ = '\0';
        canonical[strcspn(canonical, "\n")] = '\0';
        check_row(line, canonical);
    }
    assert_true(rows > 150);
    free(line);
    fclose(file);
}

/* Every word of spellings.def, so that none is without a test. */
static void every_dtype(void **state) {
    static const struct {
        const char *dtype, *words;
    } rows[] = {
#define TI_DTYPE_SPELLING(dtype, words) {#dtype, words},
#include "core/request/spellings.def"
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *copy = strdup(rows[i].words), *rest = copy, *word;
        while ((word = strtok_r(rest, ", ", &rest))) {
            char plain[64], expected[16];
            const size_t n = ti_spelling_plain("dtype", word, strlen(word), plain);
            snprintf(expected, sizeof expected, "%s", rows[i].dtype);
            assert_true(ti_spelling_same(plain, n, expected, strlen(expected)));
            for (size_t k = 0; k < n; k++)
                assert_false(plain[k] >= 'A' && plain[k] <= 'Z');
        }
        free(copy);
    }
}

static void every_module(void **state) {
    static const char *const modules[][2] = {
#define TI_SCHEME_MODULE(module, framework) {module, framework},
#include "core/request/spellings.def"
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(modules); i++) {
        char typed[80], plain[80], expected[80];
        snprintf(typed, sizeof typed, "%sx_", modules[i][0]);
        snprintf(expected, sizeof expected, "%sx_", modules[i][1]);
        const size_t n = ti_spelling_plain("scheme", typed, strlen(typed), plain);
        plain[n] = '\0';
        assert_string_equal(plain, expected);
    }
}

/* What has more than one meaning, or none, stays as it is and is refused. */
static void refusals(void **state) {
    static const char *const rows[][2] = {
        {"shape=2,3&shape=2,3", "shape"},
        {"shape=2&shape[]=3", "shape[]"},
        {"shape=2,3&permute[0]=1&permute[]=0", "permute[0]"},
        {"shape=2,3&permute=1&permute[1]=0&permute=2", "permute[1]"},
        {"shape[1]=2&shape[0]=3", "shape[1]"},
        {"shape[0]=2&shape[0]=3", "shape[0]"},
        {"shape[0]=2&shape[2]=3", "shape[0]"},
        {"shape[x]=2&shape[y]=3", "shape[x]"},
        {"shape[]x]=2", "shape[]x]"},
        {"shape[=2", "shape["},
        {"shape[99999999999999999999]=2", "shape[99999999999999999999]"},
        {"shape=2,3&seed[]=1", "seed[]"},
        {"shape=2,3&seed=1&seed=1", "seed"},
        {"shape=2,3&dtype=f32&dtype=float32", "dtype"},
        {"shape=(2,3", "shape"},
        {"shape=2,3)", "shape"},
        {"shape=(2,3]", "shape"},
        {"shape=((2,3))", "shape"},
        {"shape=(2,,3)", "shape"},
        {"shape=(,)", "shape"},
        {"shape=(2x)", "shape"},
        {"shape=2,", "shape"},
        {"shape=2,3x4", "shape"},
        {"shape=0x10", "shape"},
        {"shape=2 3", "shape"},
        {"shape=x", "shape"},
        {"shape=-1,3", "shape"},
        {"shape=None,3", "shape"},
        {"shape=", "shape"},
        {"shape=2,3&dtype=float", "dtype"},
        {"shape=2,3&dtype=int", "dtype"},
        {"shape=2,3&dtype=f4", "dtype"},
        {"shape=2,3&dtype=float8_e4m3", "dtype"},
        {"shape=2,3&dtype=>f4", "dtype"},
        {"shape=2,3&dtype=torch.torch.float32", "dtype"},
        {"shape=2,3&dtype=torch.", "dtype"},
        {"shape=2,3&dtype=complex64", "dtype"},
        {"shape=2,3&dtype=<class 'float'>", "dtype"},
        {"shape=2,3&corrected=yes", "corrected"},
        {"shape=2,3&corrected=None", "corrected"},
        {"shape=2,3&seed=None", "seed"},
        {"shape=2,3&seed=1.0", "seed"},
        {"shape=2,3&in_axis=0 1", "in_axis"},
        {"shape=2,3&in_axis=(0", "in_axis"},
        {"shape=2,3&permute=()", "permute"},
        {"shape=2,3&scheme=tf.initializers.HeNormal", "scheme"},
        {"shape=2,3&scheme=HeNormal()", "scheme"},
        {"shape=2,3&scheme=torch.nn.init.", "scheme"},
        {"shape=2,3&scheme=HE_NORMAL", "scheme"},
        {"shape=2,3&mode=in", "mode"},
        {"shape=2,3&scheme=torch.kaiming_normal_&mode=fanAvg", "mode"},
        {"shape=2,3&scheme=uniform&low=-inf", "low"},
        {"shape=2,3&scheme=normal&std=inf", "std"},
        {"shape=2,3&scheme=truncated_normal&low=inf", "low"},
        {"shape=2,3&scheme=truncated_normal&low=nan", "low"},
        {"shape=2,3&scheme=truncated_normal&truncation=2&low=-inf&high=0", "truncation"},
        {"shape=2,3&scheme=constant&value=True", "value"},
        {"shape=2,3&scheme=constant&value=6.5&dtype=i32", "value"},
        {"shape=2,3&scheme=constant&value=-inf&dtype=i32", "value"},
        {"shape=2,3&scheme=constant&value=-inf&dtype=float8_e4m3fn", "value"},
        {"shape=2,3&scheme=constant&value=inf&format=json", "value"},
        {"shape=2,3&scheme=lstm_forget_bias&value=inf", "shape"},
        {"shape=4&scheme=lstm_forget_bias&value=inf", "dtype"},
        {"shape=2,3&=1", "query"},
        {"shape=2,3&seed", "seed"},
        {"shape=2,3&seed=%4", "seed"},
        {"shape=2,3&%00=1", "query"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_plan *plan;
        struct ti_error error = {TI_OK, "", ""};
        if (plan_lenient(rows[i][0], &plan, &error) == TI_OK) {
            fail_msg("%s is accepted", rows[i][0]);
        }
        if (strcmp(error.field, rows[i][1]) != 0) {
            fail_msg("%s: field %s, not %s: %s", rows[i][0], error.field, rows[i][1],
                     error.text);
        }
        assert_int_not_equal(plan_lenient(rows[i][0], &plan, NULL), TI_OK);
    }
}

/* An infinite constant has the dtype's bytes. */
static void infinities(void **state) {
    static const struct {
        const char *query;
        unsigned char bytes[8];
        size_t n;
    } rows[] = {
        {"scheme=torch.constant_&val=-inf", {0, 0, 0x80, 0xff}, 4},
        {"scheme=constant&value=inf", {0, 0, 0x80, 0x7f}, 4},
        {"scheme=constant&value=-inf&dtype=f64", {0, 0, 0, 0, 0, 0, 0xf0, 0xff}, 8},
        {"scheme=constant&value=-inf&dtype=f16", {0, 0xfc}, 2},
        {"scheme=constant&value=-inf&dtype=bf16", {0x80, 0xff}, 2},
        {"scheme=constant&value=-inf&dtype=f8_e5m2", {0xfc}, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[128];
        unsigned char out[16];
        struct ti_plan *plan;
        snprintf(query, sizeof query, "shape=2&%s", rows[i].query);
        assert_int_equal(plan_lenient(query, &plan, NULL), TI_OK);
        assert_int_equal(ti_plan_fill(plan, 0, 2, out, NULL), TI_OK);
        assert_memory_equal(out, rows[i].bytes, rows[i].n);
        assert_memory_equal(out + rows[i].n, rows[i].bytes, rows[i].n);
        ti_plan_free(plan);
    }
}

/* Pairs and bytes around what fits the stack, and far beyond. */
static void sizes(void **state) {
    (void)state;
    for (size_t count = 1; count <= 200; count += count < 40 ? 1 : 79) {
        char *query = calloc(1, 64 + 8 * count), *end = query;
        struct ti_spec *spec;
        struct ti_error error;
        end += sprintf(end, "scheme=normal&name=x");
        for (size_t i = 0; i < count; i++) end += sprintf(end, "&shape=1");
        assert_int_equal(ti_spec_make(&spec), TI_OK);
        const enum ti_status status =
            ti_spec_set_query_lenient(spec, query, strlen(query), &error);
        assert_int_equal(status, count <= TI_MAX_RANK ? TI_OK : TI_EVALUE);
        ti_spec_free(spec);
        free(query);
    }
    for (size_t n = 900; n < 1100; n++) {
        char *query = malloc(n + 1);
        struct ti_plan *plan;
        memset(query, 'n', n);
        query[n] = '\0';
        memcpy(query, "shape=(2,)&scheme=ones&name=", 28);
        assert_int_equal(plan_lenient(query, &plan, NULL),
                         n - 28 <= TI_MAX_NAME_BYTES ? TI_OK : TI_EVALUE);
        if (n - 28 <= TI_MAX_NAME_BYTES) ti_plan_free(plan);
        free(query);
    }
    struct ti_spec *spec;
    char *plain;
    assert_int_equal(ti_spec_make(&spec), TI_OK);
    assert_int_equal(ti_spec_set_query_lenient(spec, NULL, 0, NULL), TI_OK);
    assert_int_equal(ti_query_plain(NULL, 0, &plain, NULL), TI_OK);
    assert_string_equal(plain, "");
    free(plain);
    ti_spec_free(spec);
}

/* Parameters that do not exist, and values of any bytes, pass unchanged. */
static void passes(void **state) {
    char *plain;
    char out[16 + TI_SPELLING_GROWTH];
    (void)state;
    assert_int_equal(
        ti_query_plain("new=(1,+2)&dtype=float99&x[]=%00%FF", 35, &plain, NULL), TI_OK);
    assert_string_equal(plain, "new=%281,%202%29&dtype=float99&x%5B%5D=%00%FF");
    free(plain);
    assert_int_equal(ti_spelling_plain("new", " (1) ", 5, out), 5);
    assert_memory_equal(out, " (1) ", 5);
    assert_int_equal(ti_spelling_plain("mode", "fanIn", 5, out), 5);
    assert_int_equal(ti_spelling_plain("shape", "\0\xff", 2, out), 2);
    plain = NULL;
    assert_int_equal(ti_query_plain("seed", 4, &plain, NULL), TI_EVALUE);
    assert_int_equal(ti_query_plain("=1", 2, &plain, NULL), TI_EPARAM);
    assert_null(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),        cmocka_unit_test(every_dtype),
        cmocka_unit_test(every_module), cmocka_unit_test(refusals),
        cmocka_unit_test(infinities),   cmocka_unit_test(sizes),
        cmocka_unit_test(passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
