/* SPDX-License-Identifier: MIT */
/* Manifests: names, rules, options. */
#include "support/test.h"

#include <stdlib.h>

static struct ti_manifest *make(size_t max_tensors) {
    struct ti_manifest *manifest;
    assert_int_equal(ti_manifest_make(max_tensors, &manifest, NULL), TI_OK);
    return manifest;
}

static enum ti_status add(struct ti_manifest *manifest, const char *key,
                          struct ti_error *error) {
    static const uint64_t shape[] = {4, 3};
    const struct ti_manifest_tensor tensor = {
        .struct_bytes = sizeof tensor, .key = key, .rank = 2, .shape = shape};
    return ti_manifest_add_tensor(manifest, &tensor, error);
}

/* The model of keys and rules, which end with NULL; the caller frees it. */
static struct ti_model *model_of(const char *const *keys, const char *const *rules,
                                 const char *only) {
    struct ti_manifest *manifest = make(1000);
    struct ti_model *model = NULL;
    struct ti_error error = {.text = ""};
    enum ti_status status = TI_OK;
    for (; *keys && status == TI_OK; keys++) status = add(manifest, *keys, &error);
    for (; *rules && status == TI_OK; rules += 2) {
        status = ti_manifest_add_rule(manifest, rules[0], rules[1], &error);
    }
    if (status == TI_OK) status = ti_manifest_finish(manifest, NULL, &error);
    struct ti_model_options options = *ti_manifest_options(manifest);
    options.only = only;
    if (status == TI_OK) status = ti_model_make(manifest, &options, &model, NULL, &error);
    if (status != TI_OK) fail_msg("%s", error.text);
    ti_manifest_free(manifest); /* the model has its own reference */
    return model;
}

static void expect_names(const struct ti_model *model, const char *const *names) {
    size_t i;
    for (i = 0; names[i]; i++) {
        assert_non_null(ti_model_tensor(model, i));
        assert_string_equal(ti_model_tensor(model, i)->name, names[i]);
    }
    assert_int_equal(ti_model_tensor_count(model), i);
    assert_null(ti_model_tensor(model, i));
}

#define LIST(...)                                                                        \
    (const char *const[]) { __VA_ARGS__, NULL }
#define ALL LIST("*", "scheme=zeros")

/* As a state_dict() has them: neighbours with the same braces go together. */
static void order_of_names(void **state) {
    struct ti_model *model;
    (void)state;
    model = model_of(LIST("h.{0..1}.a", "h.{0..1}.b", "z", "h.{2..3}.a"), ALL, NULL);
    expect_names(model, LIST("h.0.a", "h.0.b", "h.1.a", "h.1.b", "z", "h.2.a", "h.3.a"));
    ti_model_free(model);
    model = model_of(LIST("h.{0..1}.a", "z", "h.{0..1}.b"), ALL, NULL);
    expect_names(model, LIST("h.0.a", "h.1.a", "z", "h.0.b", "h.1.b"));
    ti_model_free(model);
    model = model_of(
        LIST("h.{0..1}.e.{0..1}.{u,d}.w", "h.{0..1}.e.{0..1}.{u,d}.b", "h.{0..1}.n"), ALL,
        NULL);
    expect_names(model, LIST("h.0.e.0.u.w", "h.0.e.0.u.b", "h.0.e.0.d.w", "h.0.e.0.d.b",
                             "h.0.e.1.u.w", "h.0.e.1.u.b", "h.0.e.1.d.w", "h.0.e.1.d.b",
                             "h.0.n", "h.1.e.0.u.w", "h.1.e.0.u.b", "h.1.e.0.d.w",
                             "h.1.e.0.d.b", "h.1.e.1.u.w", "h.1.e.1.u.b", "h.1.e.1.d.w",
                             "h.1.e.1.d.b", "h.1.n"));
    ti_model_free(model);
}

/* The query of a tensor in the canonical form. */
static void expect_query(const struct ti_model *model, size_t tensor, uint64_t seed,
                         const char *query) {
    struct ti_plan *plan, *expected = test_plan(query);
    assert_int_equal(ti_model_plan(model, seed, tensor, &plan, NULL), TI_OK);
    assert_string_equal(ti_plan_info(plan)->query, ti_plan_info(expected)->query);
    ti_plan_free(plan);
    ti_plan_free(expected);
}

static void the_first_rule_wins(void **state) {
    struct ti_model *model = model_of(LIST("h.{0..2}.w", "a&b.w", "h.ln"),
                                      LIST("*ln", "scheme=ones", "h.{l}.w",
                                           "scheme=depth_scaled&std=0.5&layer={l}",
                                           "{x}.w", "scheme=normal&name=%25+{x}"),
                                      "*w");
    (void)state;
    expect_query(model, 2, 7,
                 "shape=4,3&scheme=depth_scaled&std=0.5&layer=2&seed=7&name=h.2.w");
    /* what an ident stands for is a value, whatever it has */
    expect_query(model, 3, 7, "shape=4,3&scheme=normal&seed=7&name=%25+a%26b");
    ti_model_free(model);
}

static void finish_fails(const char *const *keys, const char *const *rules,
                         enum ti_status expected, size_t tensor, size_t rule,
                         const char *why) {
    struct ti_manifest *manifest = make(1000);
    struct ti_manifest_place place;
    struct ti_error error;
    for (; *keys; keys++) assert_int_equal(add(manifest, *keys, NULL), TI_OK);
    for (; *rules; rules += 2) {
        assert_int_equal(ti_manifest_add_rule(manifest, rules[0], rules[1], NULL), TI_OK);
    }
    assert_int_equal(ti_manifest_finish(manifest, &place, &error), expected);
    assert_row(strstr(error.text, why), error.text);
    assert_int_equal(place.tensor, tensor);
    assert_int_equal(place.rule, rule);
    ti_manifest_free(manifest);
}

static void what_finish_refuses(void **state) {
    (void)state;
    finish_fails(LIST("a", "b{0..1}", "{a,b}1"), ALL, TI_EDUPLICATE, 2, SIZE_MAX,
                 "two tensors have the name 'b1'");
    finish_fails(LIST("a", "b"), LIST("a", "scheme=zeros"), TI_EMISSING, 1, SIZE_MAX,
                 "tensor 'b' has no rule");
    finish_fails(LIST("a"), LIST("*", "", "b", ""), TI_EVALUE, SIZE_MAX, 1,
                 "rule 2 ('b') matches no tensor");
    finish_fails(LIST("a"), LIST("*", "", "a", ""), TI_EVALUE, SIZE_MAX, 1,
                 "never used: rule 1");
    finish_fails(LIST("a", "{,b}"), ALL, TI_EVALUE, 1, SIZE_MAX, "empty");
    finish_fails(LIST("__{metadata,x}__"), ALL, TI_EVALUE, 0, SIZE_MAX, "reserve");
}

static void a_manifest_without_tensors(void **state) {
    struct ti_manifest *manifest = make(1);
    struct ti_error error;
    (void)state;
    assert_int_equal(ti_manifest_finish(manifest, NULL, &error), TI_EMISSING);
    ti_manifest_free(manifest);
    ti_manifest_free(NULL);
}

/* Found without making the names. */
static void too_many_tensors(void **state) {
    struct ti_manifest *manifest = make(100);
    struct ti_error error;
    (void)state;
    assert_int_equal(add(manifest, "a.{0..98}", NULL), TI_OK);
    assert_int_equal(add(manifest, "b.{0..1}", &error), TI_ETOOLARGE);
    assert_string_equal(error.field, "tensors");
    assert_int_equal(add(manifest, "{0..9999999999}{0..9999999999}", NULL), TI_ETOOLARGE);
    assert_int_equal(add(manifest, "c", NULL), TI_OK);
    ti_manifest_free(manifest);
    manifest = make(SIZE_MAX);
    assert_int_equal(add(manifest, "{0..1000000}", NULL), TI_ETOOLARGE);
    assert_int_equal(add(manifest, "{0..999999}", NULL), TI_OK);
    ti_manifest_free(manifest);
}

static void names_that_are_too_long(void **state) {
    char key[1100];
    struct ti_manifest *manifest = make(TI_MANIFEST_TENSORS_MAX);
    struct ti_error error;
    (void)state;
    memset(key, 'a', 1000);
    strcpy(key + 1000, "{0..199999}");
    assert_int_equal(add(manifest, key, NULL), TI_OK);
    assert_int_equal(ti_manifest_add_rule(manifest, "*", "", NULL), TI_OK);
    assert_int_equal(ti_manifest_finish(manifest, NULL, &error), TI_ETOOLARGE);
    ti_manifest_free(manifest);
    manifest = make(1);
    memset(key, 'a', 1025);
    key[1025] = '\0';
    assert_int_equal(add(manifest, key, NULL), TI_OK);
    assert_int_equal(ti_manifest_finish(manifest, NULL, &error), TI_EVALUE);
    ti_manifest_free(manifest);
}

static void patterns_that_take_too_long(void **state) {
    char key[1024], pattern[200];
    struct ti_manifest *manifest = make(100);
    struct ti_error error;
    (void)state;
    memset(key, 'a', 1000);
    strcpy(key + 1000, "{0..99}");
    assert_int_equal(add(manifest, key, NULL), TI_OK);
    for (int i = 0; i < 100; i++) {
        strcpy(pattern, "*");
        for (int k = 0; k < 25; k++) strcat(pattern, "a*");
        strcat(pattern, i % 2 ? "b?*" : "c?*");
        assert_int_equal(ti_manifest_add_rule(manifest, pattern, "", NULL), TI_OK);
    }
    assert_int_equal(ti_manifest_finish(manifest, NULL, &error), TI_ETOOLARGE);
    assert_string_equal(error.field, "rules");
    ti_manifest_free(manifest);
}

static void rules_that_are_refused(void **state) {
    static const struct {
        const char *pattern, *query;
        enum ti_status status;
        const char *field;
    } rows[] = {
        {"*", "shape=3", TI_EINAPPLICABLE, "shape"},
        {"*", "scheme=zeros&shape[]=3", TI_EINAPPLICABLE, "shape"},
        {"*", "%73eed=3", TI_EINAPPLICABLE, "seed"},
        {"*", "slice=0:1", TI_EINAPPLICABLE, "slice"},
        {"*", "shard=0:0/2", TI_EINAPPLICABLE, "shard"},
        {"*", "permute=1,0", TI_EINAPPLICABLE, "permute"},
        {"*", "format=npy", TI_EINAPPLICABLE, "format"},
        {"*", "metadata=full", TI_EINAPPLICABLE, "metadata"},
        {"*", "json=flat", TI_EINAPPLICABLE, "json"},
        {"*", "spec=1", TI_EINAPPLICABLE, "spec"},
        {"*", "scheme", TI_EVALUE, "scheme"},
        {"*", "layer={l}", TI_EVALUE, ""},
        {"{l}", "layer={m}", TI_EVALUE, ""},
        {"{l}", "layer={l", TI_EVALUE, ""},
        {"{l}", "layer=l}", TI_EVALUE, ""},
        {"{l}", "layer={}", TI_EVALUE, ""},
        {"{l", "", TI_EVALUE, ""},
    };
    struct ti_manifest *manifest = make(1);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_error error;
        assert_row(ti_manifest_add_rule(manifest, rows[i].pattern, rows[i].query,
                                        &error) == rows[i].status,
                   rows[i].query);
        assert_row(strcmp(error.field, rows[i].field) == 0, error.field);
    }
    for (int i = 0; i < TI_MANIFEST_RULES_MAX; i++) {
        assert_int_equal(ti_manifest_add_rule(manifest, "*", "", NULL), TI_OK);
    }
    assert_int_equal(ti_manifest_add_rule(manifest, "*", "", NULL), TI_ETOOLARGE);
    ti_manifest_free(manifest);
}

static void sizes(void **state) {
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: refused */
        const char *canonical;
    } rows[] = {
        /* huggingface_hub's parse_size_to_int() */
        {"5GB", 5000000000, "5GB"},
        {"200MB", 200000000, "200MB"},
        {"1.5gb", 1500000000, "1500MB"},
        {"0.1 KB", 100, "100"},
        {"4.35GB", 4350000000, "4350MB"}, /* int(4.35 * 10 ** 9) */
        {"1TB", 1000000000000, "1TB"},
        {"12345", 12345, "12345"},
        {"1", 1, "1"},
        /* transformers' convert_file_size_to_int() */
        {"2GiB", (uint64_t)2 << 30, "2147483648"},
        {"18446744073709551615", UINT64_MAX, "18446744073709551615"},
        {"0", 0, NULL},
        {"0GB", 0, NULL},
        {"0.1", 0, NULL},
        {"1.5", 0, NULL},
        {"-5GB", 0, NULL},
        {"GB", 0, NULL},
        {"5G", 0, NULL},
        {"5 G B", 0, NULL},
        {"5GBB", 0, NULL},
        {"", 0, NULL},
        {"nanGB", 0, NULL},
        {"20000000TB", 0, NULL}, /* more than 2^64 */
        {"1e30GB", 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_model_options options = {.max_shard_bytes = 77};
        char text[TI_SHARD_SIZE_TEXT_BYTES];
        const enum ti_status status = ti_model_options_set(
            &options, "max_shard_size", rows[i].text, strlen(rows[i].text), NULL);
        assert_row(status == (rows[i].bytes ? TI_OK : TI_EVALUE), rows[i].text);
        assert_row(options.max_shard_bytes == (rows[i].bytes ? rows[i].bytes : 77),
                   rows[i].text);
        if (!rows[i].bytes) continue;
        ti_shard_size_text(rows[i].bytes, text);
        assert_string_equal(text, rows[i].canonical);
        assert_int_equal(
            ti_model_options_set(&options, "max_shard_size", text, strlen(text), NULL),
            TI_OK);
        assert_int_equal(options.max_shard_bytes, rows[i].bytes);
    }
}

static void options(void **state) {
    struct ti_manifest *manifest = make(1);
    struct ti_error error;
    const struct ti_model_options *own = ti_manifest_options(manifest);
    (void)state;
    assert_int_equal(own->seed, 0);
    assert_false(own->has_dtype);
    assert_int_equal(own->max_shard_bytes, 5000000000);
    assert_int_equal(ti_manifest_set(manifest, "seed", "-1", 2, NULL), TI_OK);
    assert_int_equal(ti_manifest_set(manifest, "dtype", "torch.bfloat16", 14, NULL),
                     TI_OK);
    assert_int_equal(
        ti_manifest_set(manifest, "spec", TI_SPEC_NAME, strlen(TI_SPEC_NAME), NULL),
        TI_OK);
    assert_true(own->seed == UINT64_MAX && own->dtype == TI_DTYPE_BF16 && own->has_dtype);
    assert_int_equal(ti_manifest_set(manifest, "spec", "0", 1, &error), TI_EVALUE);
    assert_string_equal(error.field, "spec");
    assert_int_equal(ti_manifest_set(manifest, "seed", "1.0", 3, &error), TI_EVALUE);
    assert_string_equal(error.field, "seed");
    assert_int_equal(ti_manifest_set(manifest, "dtype", "float", 5, &error), TI_EVALUE);
    assert_int_equal(ti_manifest_set(manifest, "sede", "1", 1, &error), TI_EPARAM);
    ti_manifest_free(manifest);
}

/* The name of a stream has the alternatives of the key. */
static void names_of_streams(void **state) {
    static const char *const refused[] = {"x", "x.{0..2}", "x.{0..1}.{0..1}", "{a"};
    struct ti_manifest *manifest = make(10);
    struct ti_manifest_tensor tensor = {
        .struct_bytes = sizeof tensor, .key = "h.{0..1}", .stream_name = "{x,y}.z"};
    struct ti_model *model;
    (void)state;
    assert_int_equal(ti_manifest_add_tensor(manifest, &tensor, NULL), TI_OK);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tensor.stream_name = refused[i];
        assert_row(ti_manifest_add_tensor(manifest, &tensor, NULL) == TI_EVALUE,
                   refused[i]);
    }
    assert_int_equal(ti_manifest_add_rule(manifest, "*", "scheme=normal", NULL), TI_OK);
    assert_int_equal(ti_manifest_finish(manifest, NULL, NULL), TI_OK);
    assert_int_equal(
        ti_model_make(manifest, ti_manifest_options(manifest), &model, NULL, NULL),
        TI_OK);
    ti_manifest_free(manifest);
    expect_names(model, LIST("h.0", "h.1"));
    expect_query(model, 1, 0, "shape=scalar&scheme=normal&name=y.z");
    ti_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_names),
        cmocka_unit_test(the_first_rule_wins),
        cmocka_unit_test(what_finish_refuses),
        cmocka_unit_test(a_manifest_without_tensors),
        cmocka_unit_test(too_many_tensors),
        cmocka_unit_test(names_that_are_too_long),
        cmocka_unit_test(patterns_that_take_too_long),
        cmocka_unit_test(rules_that_are_refused),
        cmocka_unit_test(sizes),
        cmocka_unit_test(options),
        cmocka_unit_test(names_of_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
