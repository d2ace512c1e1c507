/* SPDX-License-Identifier: MIT */
/*
 * The input is a manifest as JSON. If it is accepted, the files that it describes must be
 * consistent: tensors follow each other, headers are what was measured, any tensor is the
 * response to its own query, and what is read in parts is what is read at once.
 */
#include "fuzz/fuzz.h"

#include "manifest/manifest_json.h"

#define TENSORS_MAX 2000
#define READ_BYTES 2048
/* Factorizations of more bytes are not computed. */
#define FACTOR_BYTES ((size_t)64 << 10)

/* The tensors of a file follow its text, one behind the other, to its end. */
static void check_spans(const struct ti_model *model, size_t file, uint8_t *seen) {
    const struct ti_model_file *info = ti_model_file(model, file);
    struct ti_model_span span;
    for (uint64_t at = 0; at < info->bytes; at = span.end) {
        REQUIRE(ti_model_locate(model, file, at, &span) == TI_OK);
        REQUIRE(span.first == at && span.end > at);
        REQUIRE((span.tensor == SIZE_MAX) == (at < info->header_bytes));
        if (span.tensor == SIZE_MAX) continue;
        const struct ti_model_tensor *tensor = ti_model_tensor(model, span.tensor);
        REQUIRE(tensor->offset == at && tensor->file == file && !seen[span.tensor]++);
        REQUIRE(tensor->kind->bytes == span.end - at);
    }
    REQUIRE(ti_model_locate(model, file, info->bytes, &span) == TI_ERANGE);
}

/* The header says its own length, and is an object. */
static void check_text(const struct ti_model *model, size_t file) {
    const struct ti_model_file *info = ti_model_file(model, file);
    const size_t bytes = (size_t)info->header_bytes;
    unsigned char *text = malloc(bytes), *parts = malloc(bytes);
    if (!text || !parts) exit(1);
    REQUIRE(ti_model_text(model, file, 0, bytes, text) == TI_OK);
    for (size_t at = 0; at < bytes; at += 61) {
        const size_t now = bytes - at < 61 ? bytes - at : 61;
        REQUIRE(ti_model_text(model, file, at, now, parts + at) == TI_OK);
    }
    REQUIRE(memcmp(text, parts, bytes) == 0);
    REQUIRE(ti_model_text(model, file, 0, bytes + 1, text) == TI_ERANGE);
    if (info->tensor_count > 0) {
        uint64_t length = 0;
        for (int i = 7; i >= 0; i--) length = length << 8 | text[i];
        REQUIRE(length == bytes - 8 && length % 8 == 0 && text[8] == '{');
    } else {
        REQUIRE(text[0] == '{' && text[bytes - 1] == '}' && info->bytes == bytes);
    }
    free(text);
    free(parts);
}

/* The start of a tensor, by its plan and by a reader. */
static void check_tensor(const struct ti_model *model, struct ti_model_reader *reader,
                         size_t index, uint64_t seed) {
    const struct ti_model_tensor *tensor = ti_model_tensor(model, index);
    struct ti_plan *plan, *own;
    struct ti_factor *factor = NULL;
    unsigned char read[READ_BYTES], filled[READ_BYTES];
    void *workspace;
    if (tensor->kind->bytes == 0) return;
    if (ti_model_plan(model, seed, index, &plan, NULL) != TI_OK) abort();
    const struct ti_plan_info *info = ti_plan_info(plan);
    REQUIRE(info->body_bytes == tensor->kind->bytes &&
            info->dtype == tensor->kind->dtype);
    REQUIRE(info->seed == seed);
    const size_t elem_bytes = ti_dtype_bytes(info->dtype);
    const size_t elems = info->elems < READ_BYTES / elem_bytes ? (size_t)info->elems
                                                               : READ_BYTES / elem_bytes;
    if (info->factor_peak_bytes <= FACTOR_BYTES) {
        if (ti_factor_make(plan, &factor, NULL) != TI_OK) exit(1);
        ti_factor_run_all(factor);
        REQUIRE(ti_plan_use(plan, factor) == TI_OK);
        if (ti_workspace_make(plan, &workspace, NULL) != TI_OK) exit(1);
        REQUIRE(ti_plan_fill(plan, 0, elems, filled, workspace) == TI_OK);
        ti_workspace_free(workspace);
        REQUIRE(ti_model_reader_plan(reader, tensor->file, tensor->offset, &own, NULL) ==
                TI_OK);
        REQUIRE(ti_plan_use(own, factor) == TI_OK);
        REQUIRE(ti_model_read(reader, tensor->file, tensor->offset, elems * elem_bytes,
                              read, NULL) == TI_OK);
        REQUIRE(memcmp(read, filled, elems * elem_bytes) == 0);
        REQUIRE(ti_plan_use(own, NULL) == TI_OK);
    }
    ti_plan_free(plan);
    ti_factor_free(factor);
}

static void check_model(const struct ti_model *model, uint64_t where) {
    const size_t tensors = ti_model_tensor_count(model);
    uint8_t *seen = calloc(tensors, 1);
    struct ti_model_reader *reader;
    char etag[33];
    if (!seen || ti_model_reader_make(model, where, &reader, NULL) != TI_OK) exit(1);
    REQUIRE(tensors > 0 && tensors <= TENSORS_MAX);
    REQUIRE(ti_model_kind_count(model) <= tensors);
    for (size_t i = 0; i < ti_model_file_count(model); i++) {
        check_spans(model, i, seen);
        check_text(model, i);
        ti_model_etag(model, i, where, etag);
        REQUIRE(strlen(etag) == 32);
        REQUIRE(ti_model_find_file(model, ti_model_file(model, i)->name) == i);
    }
    for (size_t i = 0; i < tensors; i++) {
        REQUIRE(seen[i] == (ti_model_tensor(model, i)->kind->bytes > 0));
    }
    for (size_t i = 0; i < 4; i++) {
        check_tensor(model, reader, (size_t)(where >> 13 * i) % tensors, where);
    }
    ti_model_reader_free(reader);
    free(seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint64_t where = fuzz_hash(FUZZ_HASH_START, data, size);
    const char *json = (const char *)data;
    struct ti_manifest *manifest;
    struct ti_manifest_place place;
    struct ti_model *model;
    struct ti_error error;
    enum ti_status status =
        tim_manifest_read(json, size, TENSORS_MAX, NULL, &manifest, &error);
    if (status != TI_OK) {
        fuzz_check_error(status, &error);
        return 0;
    }
    struct ti_model_options options = *ti_manifest_options(manifest);
    /* so that there are several files */
    if (where % 2) options.max_shard_bytes = 1 + where / 2 % 100000;
    status = ti_model_make(manifest, &options, &model, &place, &error);
    if (status == TI_OK) {
        check_model(model, where);
        ti_model_free(model);
    } else {
        tim_manifest_explain(json, size, &place, &error);
        fuzz_check_error(status, &error);
    }
    ti_manifest_free(manifest);
    return 0;
}
