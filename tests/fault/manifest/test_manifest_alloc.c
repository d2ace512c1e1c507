/* SPDX-License-Identifier: MIT */
/*
 * Reading a manifest when jansson gets no memory: of all its allocations the n-th fails, n = 0,
 * 1, 2, ..., until none does. Each time it is TI_ENOMEM, never another manifest or a syntax
 * error. json_memory.c is compiled into this program: support/failing_memory.h.
 */
#include "support/failing_memory.h"

#include "manifest/json_memory.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "support/test.h"

#include "manifest/manifest_json.h"

static const char json[] =
    "{\"seed\": 3, \"tensors\": {\"a.{0..3}\": [2, 3], \"b\": {\"shape\": [], \"dtype\": "
    "\"F64\"}}, \"description\": [\"x\"], \"rules\": [[\"*\", \"scheme=normal\"]]}";
static const char header[] = "{\"a\": {\"dtype\": \"F32\", \"shape\": [3]}}";
static const char index_json[] = "{\"weight_map\": {\"a\": \"file\"}}";
static const char rules[] = "{\"rules\": [[\"*\", \"scheme=normal\"]]}";

static enum ti_status read_manifest(struct ti_error *error) {
    struct ti_manifest *manifest;
    const enum ti_status status =
        tim_manifest_read(json, strlen(json), 100, NULL, &manifest, error);
    if (status == TI_OK) ti_manifest_free(manifest);
    return status;
}

static enum ti_status read_checkpoint(struct ti_error *error) {
    struct ti_manifest *manifest;
    struct tim_checkpoint *checkpoint = tim_checkpoint_make();
    enum ti_status status;
    error->code = TI_ENOMEM;
    if (!checkpoint) return TI_ENOMEM;
    status = tim_checkpoint_index(checkpoint, index_json, strlen(index_json), error);
    if (status == TI_OK) {
        status = tim_checkpoint_header(checkpoint, "file", header, strlen(header), error);
    }
    if (status == TI_OK) {
        status =
            tim_manifest_read(rules, strlen(rules), 100, checkpoint, &manifest, error);
    }
    if (status == TI_OK) ti_manifest_free(manifest);
    tim_checkpoint_free(checkpoint);
    return status;
}

static void fail_each(enum ti_status (*read)(struct ti_error *)) {
    for (size_t n = 0;; n++) {
        struct ti_error error = {TI_OK, "", ""};
        failing = n, allocation_count = 0;
        const enum ti_status status = read(&error);
        const bool has_failed = allocation_count > n;
        failing = SIZE_MAX;
        if (has_failed && (status != TI_ENOMEM || error.code != TI_ENOMEM)) {
            fail_msg("allocation %zu fails: %s: %s", n, ti_status_name(status),
                     error.text);
        }
        assert_int_equal(live_count, 0);
        if (has_failed) continue;
        assert_int_equal(status, TI_OK);
        assert_true(n > 20);
        return;
    }
}

static void manifests(void **state) {
    (void)state;
    fail_each(read_manifest);
}

static void checkpoints(void **state) {
    (void)state;
    fail_each(read_checkpoint);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(manifests),
                                       cmocka_unit_test(checkpoints)};
    tim_json_memory_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
