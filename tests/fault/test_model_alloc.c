/* SPDX-License-Identifier: MIT */
/*
 * Manifests and models when memory runs out: of all allocations the n-th fails, n = 0, 1, 2,
 * ..., until none does. Each time it is TI_ENOMEM, nothing leaks and no result is touched. And
 * the memory that they say they use is what they have allocated.
 *
 * The sources that allocate are compiled into this program: support/failing_memory.h.
 */
#include "support/failing_memory.h"

#define refuse refuse_braces
#define put put_braces
#include "core/model/braces.c"
#undef refuse
#define refuse refuse_pattern
#include "core/model/name_pattern.c"
#undef refuse
#define refused refused_params
#include "core/model/rule.c"
#undef refused
#define sort sort_names_in_place
#define add_tensor add_named_tensor
#include "core/model/manifest_names.c"
#undef sort
#undef add_tensor
#include "core/model/manifest.c"
#undef put
#define put put_kind
#include "core/model/model_kinds.c"
#undef put
#define sort sort_files
#include "core/model/model_layout.c"
#undef sort
#include "core/model/model_make.c"
#include "core/model/model_read.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "support/test.h"

struct results {
    struct ti_manifest *manifest;
    struct ti_model *model;
    struct ti_model_reader *reader;
};

static enum ti_status add_all(struct ti_manifest *manifest, struct ti_error *error) {
    static const uint64_t shape[] = {2, 3};
    static const struct {
        const char *key, *dtype, *stream_name;
    } tensors[] = {{"a.{x,y}.{0..9}.w", NULL, NULL},
                   {"a.{x,y}.{0..9}.b", "bf16", "s.{u,v}.{0..9}"},
                   {"c", "f64", "d"}};
    static const char *const rules[][2] = {
        {"*.{l}.w", "scheme=depth_scaled&std=1&layer={l}"}, {"*", "scheme=normal"}};
    enum ti_status status = TI_OK;
    for (size_t i = 0; status == TI_OK && i < COUNT_OF(tensors); i++) {
        const struct ti_manifest_tensor tensor = {.struct_bytes = sizeof tensor,
                                                  .key = tensors[i].key,
                                                  .rank = 2,
                                                  .shape = shape,
                                                  .dtype = tensors[i].dtype,
                                                  .stream_name = tensors[i].stream_name};
        status = ti_manifest_add_tensor(manifest, &tensor, error);
    }
    for (size_t i = 0; status == TI_OK && i < COUNT_OF(rules); i++) {
        status = ti_manifest_add_rule(manifest, rules[i][0], rules[i][1], error);
    }
    return status;
}

/* From a manifest to the first bytes; the objects made are in 'results', also after a
   failure. */
static enum ti_status read_some(struct results *results, struct ti_error *error) {
    unsigned char bytes[64];
    enum ti_status status = ti_manifest_make(100, &results->manifest, error);
    if (status == TI_OK) status = add_all(results->manifest, error);
    if (status == TI_OK) status = ti_manifest_finish(results->manifest, NULL, error);
    if (status != TI_OK) return status;
    struct ti_model_options options = *ti_manifest_options(results->manifest);
    options.max_shard_bytes = 200;
    options.only = "*w";
    status = ti_model_make(results->manifest, &options, &results->model, NULL, error);
    if (status == TI_OK) {
        status = ti_model_reader_make(results->model, 1, &results->reader, error);
    }
    if (status == TI_OK) {
        status = ti_model_read(results->reader, 0,
                               ti_model_file(results->model, 0)->header_bytes - 8,
                               sizeof bytes, bytes, error);
    }
    return status;
}

static void each_allocation_fails(void **state) {
    (void)state;
    for (size_t n = 0;; n++) {
        struct results results = {NULL, NULL, NULL};
        struct ti_error error = {TI_OK, "none", "none"};
        failing = n, allocation_count = 0;
        const enum ti_status status = read_some(&results, &error);
        const bool failed = allocation_count > n;
        failing = SIZE_MAX;
        if (failed && (status != TI_ENOMEM || error.code != TI_ENOMEM)) {
            fail_msg("allocation %zu fails: %s", n, ti_status_name(status));
        }
        ti_model_reader_free(results.reader);
        ti_manifest_free(results.manifest);
        ti_model_free(results.model);
        assert_int_equal(live_count, 0);
        if (failed) continue;
        assert_int_equal(status, TI_OK);
        assert_true(n > 30);
        break;
    }
}

/* The memory of a manifest, and of models of it, is what they have allocated. */
static void memory_is_counted(void **state) {
    static const char *const only[] = {NULL, "a.*", "c"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(only); i++) {
        struct ti_manifest *manifest = NULL;
        struct ti_model *model = NULL;
        assert_int_equal(live_bytes, 0);
        assert_int_equal(ti_manifest_make(1000, &manifest, NULL), TI_OK);
        assert_int_equal(add_all(manifest, NULL), TI_OK);
        const struct ti_manifest_tensor more[] = {
            {.struct_bytes = sizeof *more,
             .key = "list.{alpha,beta,gamma,delta,epsilon}.{1..3}.{x,,z}",
             .stream_name =
                 "of.a.long.name.{alpha,beta,gamma,delta,epsilon}.{4..6}.{i,j,}"},
            {.struct_bytes = sizeof *more, .key = "{as,it}.is{0..9}", .literal = true}};
        for (size_t k = 0; k < COUNT_OF(more); k++)
            assert_int_equal(ti_manifest_add_tensor(manifest, &more[k], NULL), TI_OK);
        assert_int_equal(ti_manifest_finish(manifest, NULL, NULL), TI_OK);
        assert_int_equal(ti_manifest_memory_bytes(manifest), live_bytes);
        for (uint64_t shard_bytes = 100; shard_bytes < 1000000; shard_bytes *= 9) {
            struct ti_model_options options = *ti_manifest_options(manifest);
            const size_t before = live_bytes;
            options.max_shard_bytes = shard_bytes;
            options.only = only[i];
            assert_int_equal(ti_model_make(manifest, &options, &model, NULL, NULL),
                             TI_OK);
            assert_int_equal(ti_model_memory_bytes(model), live_bytes);
            ti_model_free(model);
            assert_int_equal(live_bytes, before);
        }
        ti_manifest_free(manifest);
    }
    assert_int_equal(live_count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_fails),
                                       cmocka_unit_test(memory_is_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
