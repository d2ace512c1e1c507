/* SPDX-License-Identifier: MIT */
/* Models: files, their bytes, and what is known of them. */
#include "support/test.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A tensor: its key, dtype or NULL, and dims up to a 0 behind the last. */
struct row {
    const char *key, *dtype;
    uint64_t shape[5];
    unsigned rank;
};

static struct ti_manifest *manifest_of(const struct row *rows, size_t count,
                                       const char *const *rules) {
    struct ti_manifest *manifest;
    struct ti_error error = {.text = ""};
    enum ti_status status = ti_manifest_make(1000, &manifest, NULL);
    for (size_t i = 0; i < count && status == TI_OK; i++) {
        const struct ti_manifest_tensor tensor = {.struct_bytes = sizeof tensor,
                                                  .key = rows[i].key,
                                                  .rank = rows[i].rank,
                                                  .shape = rows[i].shape,
                                                  .dtype = rows[i].dtype};
        status = ti_manifest_add_tensor(manifest, &tensor, &error);
    }
    for (; *rules && status == TI_OK; rules += 2) {
        status = ti_manifest_add_rule(manifest, rules[0], rules[1], &error);
    }
    if (status == TI_OK) status = ti_manifest_finish(manifest, NULL, &error);
    if (status != TI_OK) fail_msg("%s", error.text);
    return manifest;
}

static const char *const zeros[] = {"*", "scheme=zeros", NULL};

/* A model, cut into files of that size; the caller frees it. */
static struct ti_model *model_of(const struct row *rows, size_t count,
                                 const char *const *rules, uint64_t max_shard_bytes) {
    struct ti_manifest *manifest = manifest_of(rows, count, rules);
    struct ti_model_options options = *ti_manifest_options(manifest);
    struct ti_model *model;
    struct ti_error error;
    options.max_shard_bytes = max_shard_bytes;
    if (ti_model_make(manifest, &options, &model, NULL, &error) != TI_OK) {
        fail_msg("%s", error.text);
    }
    ti_manifest_free(manifest);
    return model;
}

static unsigned char *read_file(const struct ti_model *model, size_t file,
                                uint64_t seed) {
    struct ti_model_reader *reader;
    const size_t bytes = (size_t)ti_model_file(model, file)->bytes;
    unsigned char *out = malloc(bytes + 1);
    struct ti_error error;
    assert_non_null(out);
    assert_int_equal(ti_model_reader_make(model, seed, &reader, NULL), TI_OK);
    if (ti_model_read(reader, file, 0, bytes, out, &error) != TI_OK) {
        fail_msg("%s", error.text);
    }
    ti_model_reader_free(reader);
    out[bytes] = '\0';
    return out;
}

/* The header of safetensors' documentation, with the metadata that transformers requires. */
static void header(void **state) {
    static const struct row rows[] = {
        {"b", "f32", {2, 3}, 2}, {"a", NULL, {1}, 1},  {"\xc3\xa9\n\"", "bf16", {0}, 1},
        {"s", "i64", {0}, 0},    {"B", "f32", {1}, 1},
    };
    static const char expected[] =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"s\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
        "\"B\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[16,40]},"
        "\"\xc3\xa9\\n\\\"\":{\"dtype\":\"BF16\",\"shape\":[0],\"data_offsets\":[40,40]}}";
    struct ti_model *model = model_of(rows, COUNT_OF(rows), zeros, 5000000000);
    const struct ti_model_file *file = ti_model_file(model, 0);
    unsigned char *bytes = read_file(model, 0, 0);
    const size_t length = sizeof expected - 1, padded = (length + 7) / 8 * 8;
    (void)state;
    assert_int_equal(ti_model_file_count(model), 1);
    assert_string_equal(file->name, "model.safetensors");
    assert_int_equal(file->header_bytes, 8 + padded);
    assert_int_equal(file->bytes, 8 + padded + 40);
    assert_int_equal(bytes[0] | bytes[1] << 8, padded);
    for (int i = 2; i < 8; i++) assert_int_equal(bytes[i], 0);
    assert_memory_equal(bytes + 8, expected, length);
    for (size_t i = length; i < padded; i++) assert_int_equal(bytes[8 + i], ' ');
    assert_int_equal(ti_model_elems(model), 9);
    assert_int_equal(ti_model_bytes(model), 40);
    free(bytes);
    ti_model_free(model);
}

/* The files of tensors a, b, ..., "b a,c"; their sizes are elements of bool. */
static void expect_cut(const uint64_t *sizes, size_t count, uint64_t max,
                       const char *expected) {
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct row rows[8];
    char found[128] = "";
    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct row){names[i], "bool", {sizes[i]}, 1};
    }
    struct ti_model *model = model_of(rows, count, zeros, max);
    size_t files = ti_model_file_count(model);
    if (files > 1) files--; /* the index */
    for (unsigned file = 0; file < files; file++) {
        size_t tensors = 0;
        if (file > 0) strcat(found, " ");
        for (size_t i = 0; i < count; i++) {
            if (ti_model_tensor(model, i)->file != file) continue;
            if (tensors++ > 0) strcat(found, ",");
            strcat(found, names[i]);
        }
        assert_int_equal(ti_model_file(model, file)->tensor_count, tensors);
    }
    assert_string_equal(found, expected);
    ti_model_free(model);
}

#define CUT(max, expected, ...)                                                          \
    expect_cut((const uint64_t[]){__VA_ARGS__},                                          \
               sizeof(uint64_t[]){__VA_ARGS__} / sizeof(uint64_t), max, expected)

static void cuts(void **state) {
    (void)state;
    /* the example of huggingface_hub's docstring */
    CUT(10, "a b,c d,e,f", 6, 6, 2, 6, 2, 2);
    /* its tests: sizes 6, 10, 30, 2, 2 */
    CUT(10, "a c b d,e", 6, 10, 30, 2, 2);
    CUT(1000, "a,b,c", 6, 10, 30);
    CUT(5, "a b c", 6, 6, 6);
    /* one that is too large alone comes before the file that is being filled */
    CUT(10, "b a,c", 4, 11, 6);
    CUT(10, "b c a,d e", 4, 11, 12, 6, 1);
    CUT(10, "a b,c", 10, 10, 0);
    CUT(1, "b a,c", 0, 2, 0);
    CUT(UINT64_MAX, "a,b", 6, 6);
}

static void the_index(void **state) {
    static const struct row rows[] = {{"z\x7f\xc3\xa9", "f32", {2}, 1},
                                      {"big", "f32", {9}, 1},
                                      {"a/\xf0\x9f\x98\x80", "u8", {1}, 1}};
    static const char expected[] =
        "{\n  \"metadata\": {\n    \"total_size\": 45\n  },\n  \"weight_map\": {\n"
        "    \"big\": \"model-00001-of-00002.safetensors\",\n"
        "    \"z\\u007f\\u00e9\": \"model-00002-of-00002.safetensors\",\n"
        "    \"a/\\ud83d\\ude00\": \"model-00002-of-00002.safetensors\"\n  }\n}";
    struct ti_model *model = model_of(rows, COUNT_OF(rows), zeros, 10);
    const size_t file = ti_model_find_file(model, "model.safetensors.index.json");
    unsigned char *bytes = read_file(model, file, 0);
    (void)state;
    assert_int_equal(file, 2);
    assert_string_equal((char *)bytes, expected);
    assert_int_equal(ti_model_file(model, file)->header_bytes, sizeof expected - 1);
    assert_int_equal(ti_model_find_file(model, "model-00002-of-00002.safetensors"), 1);
    assert_int_equal(ti_model_find_file(model, "model.safetensors"), SIZE_MAX);
    free(bytes);
    ti_model_free(model);
}

static const struct row mixed[] = {
    {"h.{0..2}.w", NULL, {7, 5}, 2}, {"h.{0..2}.e", "bf16", {3, 3, 3}, 3},
    {"none", NULL, {0, 4}, 2},       {"h.ln", NULL, {13}, 1},
    {"o", "f64", {6, 6}, 2},
};
static const char *const mixed_rules[] = {
    "*ln", "scheme=ones&dtype=f16", "h.{l}.w", "scheme=depth_scaled&std=0.02&layer={l}",
    "o",   "scheme=orthogonal",     "*",       "scheme=he_normal",
    NULL};

/* Gives the tensors that need one their factorization, and reads. */
static void read_with_factor(struct ti_model_reader *reader, size_t file, uint64_t offset,
                             size_t count, unsigned char *out) {
    while (count > 0) {
        struct ti_plan *plan;
        struct ti_factor *factor = NULL;
        size_t now = count < 37 ? count : 37;
        assert_int_equal(ti_model_reader_plan(reader, file, offset, &plan, NULL), TI_OK);
        if (plan) {
            assert_int_equal(ti_factor_make(plan, &factor, NULL), TI_OK);
            ti_factor_run_all(factor);
            assert_int_equal(ti_plan_use(plan, factor), TI_OK);
        }
        enum ti_status status = ti_model_read(reader, file, offset, now, out, NULL);
        /* the range reaches the next tensor */
        while (status == TI_EFACTOR) {
            now--;
            assert_true(now > 0);
            status = ti_model_read(reader, file, offset, now, out, NULL);
        }
        assert_int_equal(status, TI_OK);
        if (plan) {
            struct ti_plan *same;
            assert_int_equal(ti_model_reader_plan(reader, file, offset, &same, NULL),
                             TI_OK);
            if (same) assert_int_equal(ti_plan_use(same, NULL), TI_OK);
        }
        ti_factor_free(factor);
        out += now, offset += now, count -= now;
    }
}

/* Each tensor of the files is the response to its own query. */
static void tensors_are_responses(void **state) {
    static const char *const queries[] = {
        "shape=7,5&scheme=depth_scaled&std=0.02&layer=0&seed=5&name=h.0.w",
        "shape=3,3,3&scheme=he_normal&dtype=bf16&seed=5&name=h.0.e",
        "shape=7,5&scheme=depth_scaled&std=0.02&layer=1&seed=5&name=h.1.w",
        "shape=3,3,3&scheme=he_normal&dtype=bf16&seed=5&name=h.1.e",
        "shape=7,5&scheme=depth_scaled&std=0.02&layer=2&seed=5&name=h.2.w",
        "shape=3,3,3&scheme=he_normal&dtype=bf16&seed=5&name=h.2.e",
        "shape=0,4&scheme=he_normal&seed=5&name=none",
        "shape=13&scheme=ones&dtype=f16",
        "shape=6,6&scheme=orthogonal&dtype=f64&seed=5&name=o",
    };
    struct ti_model *model = model_of(mixed, COUNT_OF(mixed), mixed_rules, 300);
    struct ti_model_reader *reader;
    (void)state;
    assert_int_equal(ti_model_tensor_count(model), COUNT_OF(queries));
    assert_int_equal(ti_model_reader_make(model, 5, &reader, NULL), TI_OK);
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        const struct ti_model_tensor *tensor = ti_model_tensor(model, i);
        struct ti_plan *plan = test_plan(queries[i]);
        const struct ti_plan_info *info = ti_plan_info(plan);
        struct ti_factor *factor;
        unsigned char expected[512], found[512];
        assert_int_equal(tensor->kind->bytes, info->body_bytes);
        assert_int_equal(tensor->kind->elems, info->elems);
        assert_int_equal(tensor->kind->dtype, info->dtype);
        assert_int_equal(ti_factor_make(plan, &factor, NULL), TI_OK);
        ti_factor_run_all(factor);
        assert_int_equal(ti_plan_use(plan, factor), TI_OK);
        void *workspace;
        assert_int_equal(ti_workspace_make(plan, &workspace, NULL), TI_OK);
        assert_int_equal(ti_plan_fill(plan, 0, info->elems, expected, workspace), TI_OK);
        read_with_factor(reader, tensor->file, tensor->offset, (size_t)info->body_bytes,
                         found);
        assert_memory_equal(found, expected, info->body_bytes);
        ti_workspace_free(workspace);
        ti_plan_free(plan);
        ti_factor_free(factor);
    }
    ti_model_reader_free(reader);
    ti_model_free(model);
}

/* Any range is that part of the file. */
static void ranges(void **state) {
    struct ti_model *model = model_of(mixed, COUNT_OF(mixed), mixed_rules, 300);
    struct ti_model_reader *reader;
    unsigned random = 1;
    (void)state;
    assert_int_equal(ti_model_reader_make(model, 9, &reader, NULL), TI_OK);
    for (size_t file = 0; file < ti_model_file_count(model); file++) {
        const size_t bytes = (size_t)ti_model_file(model, file)->bytes;
        unsigned char *all = malloc(bytes), *part = malloc(bytes);
        read_with_factor(reader, file, 0, bytes, all);
        for (int i = 0; i < 200; i++) {
            random = random * 1664525 + 1013904223;
            const size_t first = random / 65536 % bytes;
            random = random * 1664525 + 1013904223;
            const size_t count = random / 65536 % (bytes - first + 1);
            read_with_factor(reader, file, first, count, part);
            assert_memory_equal(part, all + first, count);
            if (first + count > ti_model_file(model, file)->header_bytes) continue;
            memset(part, 0, count);
            assert_int_equal(ti_model_text(model, file, first, count, part), TI_OK);
            assert_memory_equal(part, all + first, count);
        }
        free(all);
        free(part);
    }
    ti_model_reader_free(reader);
    ti_model_free(model);
}

/* Spans follow each other from the start to the end of each file. */
static void spans(void **state) {
    struct ti_model *model = model_of(mixed, COUNT_OF(mixed), mixed_rules, 300);
    size_t tensors = 0;
    (void)state;
    for (size_t file = 0; file < ti_model_file_count(model); file++) {
        const uint64_t bytes = ti_model_file(model, file)->bytes;
        struct ti_model_span span, again;
        for (uint64_t at = 0; at < bytes; at = span.end) {
            assert_int_equal(ti_model_locate(model, file, at, &span), TI_OK);
            assert_true(span.first == at && span.end > at);
            assert_true((span.tensor == SIZE_MAX) == (at == 0));
            assert_int_equal(ti_model_locate(model, file, span.end - 1, &again), TI_OK);
            assert_memory_equal(&span, &again, sizeof span);
            if (span.tensor == SIZE_MAX) continue;
            const struct ti_model_tensor *tensor = ti_model_tensor(model, span.tensor);
            assert_true(tensor->file == file && tensor->offset == at);
            assert_true(span.end - at == tensor->kind->bytes);
            tensors++;
        }
        assert_int_equal(ti_model_locate(model, file, bytes, &span), TI_ERANGE);
    }
    assert_int_equal(tensors, 8); /* all but the one without elements */
    struct ti_model_span span;
    assert_int_equal(ti_model_locate(model, 99, 0, &span), TI_ERANGE);
    ti_model_free(model);
}

static void ranges_outside(void **state) {
    struct ti_model *model = model_of(mixed, 1, zeros, 300);
    struct ti_model_reader *reader;
    struct ti_plan *plan;
    const struct ti_model_file *file = ti_model_file(model, 0);
    unsigned char out[16] = {7};
    (void)state;
    assert_int_equal(ti_model_reader_make(model, 0, &reader, NULL), TI_OK);
    assert_int_equal(ti_model_read(reader, 0, file->bytes, 0, out, NULL), TI_OK);
    assert_int_equal(ti_model_read(reader, 0, file->bytes, 1, out, NULL), TI_ERANGE);
    assert_int_equal(ti_model_read(reader, 0, UINT64_MAX, 2, out, NULL), TI_ERANGE);
    assert_int_equal(ti_model_read(reader, 9, 0, 1, out, NULL), TI_ERANGE);
    assert_int_equal(ti_model_text(model, 0, file->header_bytes, 1, out), TI_ERANGE);
    assert_int_equal(ti_model_text(model, 0, UINT64_MAX, 1, out), TI_ERANGE);
    assert_int_equal(ti_model_text(model, 9, 0, 1, out), TI_ERANGE);
    assert_int_equal(ti_model_plan(model, 0, 3, &plan, NULL), TI_ERANGE);
    assert_int_equal(ti_model_reader_plan(reader, 0, file->bytes, &plan, NULL),
                     TI_ERANGE);
    assert_int_equal(out[0], 7);
    assert_null(ti_model_file(model, 9));
    assert_null(ti_model_kind(model, 9));
    ti_model_reader_free(reader);
    ti_model_reader_free(NULL);
    ti_model_free(model);
    ti_model_free(NULL);
}

/* Digests: equal for equal bytes, and not for others. */
static void etags(void **state) {
    struct ti_model *model = model_of(mixed, COUNT_OF(mixed), mixed_rules, 300);
    struct ti_model *again = model_of(mixed, COUNT_OF(mixed), mixed_rules, 300);
    struct ti_model *other = model_of(mixed, COUNT_OF(mixed), zeros, 300);
    char etag[33], of_again[33];
    const size_t index = ti_model_file_count(model) - 1;
    (void)state;
    assert_string_equal(ti_model_id(model), ti_model_id(again));
    assert_string_not_equal(ti_model_id(model), ti_model_id(other));
    assert_int_equal(strlen(ti_model_id(model)), 32);
    for (size_t i = 0; i <= index; i++) {
        ti_model_etag(model, i, 5, etag);
        assert_int_equal(strspn(etag, "0123456789abcdef"), 32);
        ti_model_etag(again, i, 5, of_again);
        assert_string_equal(etag, of_again);
        ti_model_etag(again, i, 6, of_again);
        assert_true((strcmp(etag, of_again) == 0) == (i == index));
    }
    ti_model_etag(model, 99, 0, etag);
    assert_string_equal(etag, "");
    ti_model_free(model);
    ti_model_free(again);
    ti_model_free(other);
}

/* Tensors of one kind share it. */
static void kinds(void **state) {
    struct ti_model *model = model_of(mixed, COUNT_OF(mixed), mixed_rules, 300);
    (void)state;
    /* three depths, and e, none, ln and o */
    assert_int_equal(ti_model_kind_count(model), 7);
    assert_ptr_equal(ti_model_tensor(model, 1)->kind, ti_model_tensor(model, 3)->kind);
    assert_ptr_equal(ti_model_tensor(model, 0)->kind, ti_model_kind(model, 0));
    assert_true(fabs(ti_model_kind(model, 0)->std - 0.02 / sqrt(2)) < 1e-12);
    assert_int_equal(ti_model_kind(model, 0)->factor_peak_bytes, 0);
    assert_true(ti_model_tensor(model, 8)->kind->factor_peak_bytes > 0);
    assert_int_equal(ti_model_tensor(model, 8)->rule, 2);
    assert_true(ti_model_memory_bytes(model) < 65536);
    ti_model_free(model);
}

static void make_fails(const struct row *rows, size_t count, const char *const *rules,
                       const char *dtype, const char *only, enum ti_status expected,
                       const char *field, const char *why) {
    struct ti_manifest *manifest = manifest_of(rows, count, rules);
    struct ti_model_options options = *ti_manifest_options(manifest);
    struct ti_model *model = NULL;
    struct ti_error error;
    if (dtype) {
        assert_int_equal(
            ti_model_options_set(&options, "dtype", dtype, strlen(dtype), NULL), TI_OK);
    }
    options.only = only;
    assert_int_equal(ti_model_make(manifest, &options, &model, NULL, &error), expected);
    assert_row(strcmp(error.field, field) == 0, error.field);
    assert_row(strstr(error.text, why), error.text);
    assert_null(model);
    ti_manifest_free(manifest);
}

static void what_make_refuses(void **state) {
    static const struct row f32[] = {{"a.{0..1}", "f32", {3}, 1}};
    static const struct row any[] = {{"a.{0..1}", NULL, {3}, 1}};
    static const struct row huge[] = {{"a.{0..1}", "i8", {(uint64_t)1 << 62}, 1}};
    static const struct row larger[] = {{"a", "i8", {UINT64_MAX, 2}, 2}};
    static const char *const bf16[] = {"*", "scheme=zeros&dtype=bf16", NULL};
    static const char *const bad[] = {"*", "scheme=normal&stdd=2", NULL};
    static const char *const rank[] = {"*", "scheme=orthogonal", NULL};
    (void)state;
    make_fails(f32, 1, zeros, "bf16", NULL, TI_EINAPPLICABLE, "dtype", "of no use");
    make_fails(any, 1, bf16, "f16", NULL, TI_EINAPPLICABLE, "dtype", "of no use");
    make_fails(
        f32, 1, bf16, NULL, NULL, TI_EINAPPLICABLE, "dtype",
        "tensor 'a.0', rule 1 ('*'): the tensor has dtype f32, the rule dtype=bf16");
    make_fails(any, 1, bad, NULL, NULL, TI_EPARAM, "stdd", "did you mean 'std=2'?");
    make_fails(any, 1, rank, NULL, NULL, TI_EVALUE, "shape", "tensor 'a.0', rule 1");
    make_fails(any, 1, zeros, NULL, "b*", TI_EVALUE, "only",
               "only: 'b*' matches no tensor");
    make_fails(any, 1, zeros, NULL, "{", TI_EVALUE, "only", "only: pattern '{': ");
    make_fails(huge, 1, zeros, NULL, NULL, TI_ETOOLARGE, "tensors", "2^63-1");
    make_fails(larger, 1, zeros, NULL, NULL, TI_ETOOLARGE, "shape", "2^63-1");
}

/* A dtype counts for the tensors that are selected, unless it is the manifest's own. */
static void dtype_of_selection(void **state) {
    static const struct row rows[] = {{"own", "f32", {3}, 1}, {"any", NULL, {3}, 1}};
    (void)state;
    make_fails(rows, 2, zeros, "bf16", "own", TI_EINAPPLICABLE, "dtype",
               "each tensor that is selected, or its rule, has a dtype");
    for (int own = 0; own < 2; own++) {
        struct ti_manifest *manifest;
        struct ti_model *model;
        assert_int_equal(ti_manifest_make(10, &manifest, NULL), TI_OK);
        assert_int_equal(ti_manifest_set(manifest, "dtype", "bf16", 4, NULL), TI_OK);
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            const struct ti_manifest_tensor tensor = {.struct_bytes = sizeof tensor,
                                                      .key = rows[i].key,
                                                      .rank = rows[i].rank,
                                                      .shape = rows[i].shape,
                                                      .dtype = rows[i].dtype};
            assert_int_equal(ti_manifest_add_tensor(manifest, &tensor, NULL), TI_OK);
        }
        assert_int_equal(ti_manifest_add_rule(manifest, zeros[0], zeros[1], NULL), TI_OK);
        assert_int_equal(ti_manifest_finish(manifest, NULL, NULL), TI_OK);
        struct ti_model_options options = *ti_manifest_options(manifest);
        options.only = own ? "own" : "any";
        assert_int_equal(ti_model_make(manifest, &options, &model, NULL, NULL), TI_OK);
        assert_int_equal(ti_model_kind(model, 0)->dtype,
                         own ? TI_DTYPE_F32 : TI_DTYPE_BF16);
        ti_model_free(model);
        ti_manifest_free(manifest);
    }
}

/* Steps of a millisecond at most complete each tensor, which is then only copied. */
static void preparing(void **state) {
    static const struct row rows[] = {{"a", NULL, {9, 9}, 2}, {"b", NULL, {70, 60}, 2}};
    static const char *const rules[] = {"a", "scheme=normal", "b", "scheme=orthogonal",
                                        NULL};
    struct ti_model *model = model_of(rows, 2, rules, 1000000);
    struct ti_model_reader *reader;
    struct ti_plan *plan;
    struct ti_factor *factor;
    struct ti_error error;
    unsigned char expected[4000], found[4000];
    uint64_t ready = 7;
    (void)state;
    assert_int_equal(ti_model_reader_make(model, 1, &reader, NULL), TI_OK);
    const uint64_t header = ti_model_file(model, 0)->header_bytes;
    const uint64_t a = ti_model_tensor(model, 0)->offset;
    const uint64_t b = ti_model_tensor(model, 1)->offset;
    const uint64_t end = ti_model_file(model, 0)->bytes;
    /* Text and elements without a factorization are ready; never more than one of them. */
    assert_int_equal(ti_model_prepare(reader, 0, 3, end - 3, 1e6, &ready, NULL), TI_OK);
    assert_int_equal(ready, header - 3);
    assert_int_equal(ti_model_prepare(reader, 0, a + 4, 9999, 1e6, &ready, NULL), TI_OK);
    assert_int_equal(ready, 320);
    assert_int_equal(ti_model_prepare(reader, 0, a, 5, 1e6, &ready, NULL), TI_OK);
    assert_int_equal(ready, 5);
    assert_int_equal(ti_model_prepare(reader, 0, b, 8, 1e6, &ready, &error), TI_EFACTOR);
    assert_non_null(strstr(error.text, "tensor 'b' needs its factorization"));
    assert_int_equal(ti_model_reader_plan(reader, 0, b, &plan, NULL), TI_OK);
    assert_int_equal(ti_factor_make(plan, &factor, NULL), TI_OK);
    ti_factor_run_all(factor);
    assert_int_equal(ti_plan_use(plan, factor), TI_OK);
    assert_int_equal(ti_model_read(reader, 0, b + 99, sizeof expected, expected, NULL),
                     TI_OK);
    for (size_t got = 0; got < sizeof found; got += (size_t)ready) {
        unsigned steps = 0;
        do {
            assert_true(steps++ < 100000);
            assert_int_equal(ti_model_prepare(reader, 0, b + 99 + got, sizeof found - got,
                                              1, &ready, NULL),
                             TI_OK);
        } while (ready == 0);
        assert_true(ready <= sizeof found - got);
        assert_int_equal(
            ti_model_read(reader, 0, b + 99 + got, (size_t)ready, found + got, NULL),
            TI_OK);
    }
    assert_memory_equal(found, expected, sizeof found);
    ready = 7;
    assert_int_equal(ti_model_prepare(reader, 0, end, 1, 1e6, &ready, NULL), TI_ERANGE);
    assert_int_equal(ti_model_prepare(reader, 1, 0, 1, 1e6, &ready, NULL), TI_ERANGE);
    assert_int_equal(ready, 7);
    assert_int_equal(ti_model_prepare(reader, 0, end, 0, 1e6, &ready, NULL), TI_OK);
    assert_int_equal(ready, 0);
    ti_model_reader_free(reader);
    ti_factor_free(factor);
    ti_model_free(model);
}

/* GPT-2's numbers, from the sizes in its paper and code. */
static void gpt2(void **state) {
    static const struct row rows[] = {
        {"wte", NULL, {50257, 768}, 2},
        {"wpe", NULL, {1024, 768}, 2},
        {"h.{0..11}.{ln_1,ln_2}.{weight,bias}", NULL, {768}, 1},
        {"h.{0..11}.attn.c_attn.weight", NULL, {768, 2304}, 2},
        {"h.{0..11}.attn.c_attn.bias", NULL, {2304}, 1},
        {"h.{0..11}.attn.c_proj.weight", NULL, {768, 768}, 2},
        {"h.{0..11}.attn.c_proj.bias", NULL, {768}, 1},
        {"h.{0..11}.mlp.c_fc.weight", NULL, {768, 3072}, 2},
        {"h.{0..11}.mlp.c_fc.bias", NULL, {3072}, 1},
        {"h.{0..11}.mlp.c_proj.weight", NULL, {3072, 768}, 2},
        {"h.{0..11}.mlp.c_proj.bias", NULL, {768}, 1},
        {"ln_f.{weight,bias}", NULL, {768}, 1},
    };
    struct ti_model *model = model_of(rows, COUNT_OF(rows), zeros, 5000000000);
    (void)state;
    assert_int_equal(ti_model_tensor_count(model), 148);
    assert_int_equal(ti_model_elems(model), 124439808);
    ti_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header),         cmocka_unit_test(cuts),
        cmocka_unit_test(the_index),      cmocka_unit_test(tensors_are_responses),
        cmocka_unit_test(ranges),         cmocka_unit_test(spans),
        cmocka_unit_test(ranges_outside), cmocka_unit_test(etags),
        cmocka_unit_test(kinds),          cmocka_unit_test(what_make_refuses),
        cmocka_unit_test(gpt2),           cmocka_unit_test(dtype_of_selection),
        cmocka_unit_test(preparing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
