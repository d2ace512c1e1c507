/* SPDX-License-Identifier: MIT */
/*
 * A query as it comes from anybody: parsed, planned, and a few ranges of its body read, the
 * ranges chosen by the query's own bytes. What is read in pieces must be what is read at once.
 *
 * For libFuzzer ('make fuzz'). For afl, link a main() that calls the function below once with
 * what it reads from standard input.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/tensorinit.h>

#define READ_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition) {
    if (!condition) abort();
}

static uint64_t hash(const uint8_t *data, size_t size, uint64_t state) {
    for (size_t i = 0; i < size; i++) state = (state ^ data[i]) * 0x100000001b3;
    return state ^ state >> 29;
}

/* An error says what and, but for memory, which field; in printable ASCII. */
static void check_error(enum ti_status status, const struct ti_error *error) {
    require(error->code == status);
    require(memchr(error->field, 0, sizeof error->field) != NULL);
    require(memchr(error->text, 0, sizeof error->text) != NULL && *error->text);
    for (const char *c = error->text; *c; c++) require(*c >= 0x20 && *c <= 0x7e);
    for (const char *c = error->field; *c; c++) require(*c >= 0x20 && *c <= 0x7e);
}

static void check_info(const struct ti_plan_info *info) {
    uint64_t elems = 1;
    require(info->rank <= TI_MAX_RANK);
    for (unsigned i = 0; i < info->rank; i++) elems *= info->shape[i];
    require(elems == info->elems);
    require(info->body_bytes == info->elems * ti_dtype_bytes(info->dtype));
    require(info->body_bytes <= INT64_MAX);
    require(strlen(info->name) <= TI_MAX_NAME_BYTES);
    require(info->workspace_bytes == 0);
    const int pattern = info->distribution == TI_DISTRIBUTION_PATTERN;
    require(isnan(info->mean) == pattern && isnan(info->std) == pattern);
    require(isnan(info->sigma) == pattern);
    require(!isnan(info->low) && !isnan(info->high) && info->low <= info->high);
}

/* No float element is infinite or a NaN. */
static void check_finite(const struct ti_plan_info *info, const unsigned char *elems,
                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        float x = 0;
        double y = 0;
        if (info->dtype == TI_DTYPE_F32) memcpy(&x, elems + 4 * i, 4);
        if (info->dtype == TI_DTYPE_F64) memcpy(&y, elems + 8 * i, 8);
        require(isfinite(x) && isfinite(y));
    }
}

static void check_elements(const struct ti_plan *plan, uint64_t where) {
    const struct ti_plan_info *info = ti_plan_info(plan);
    const size_t bytes = ti_dtype_bytes(info->dtype);
    unsigned char out[READ_MAX];
    if (info->elems == 0) {
        require(ti_plan_fill(plan, 0, 1, out, NULL) == TI_ERANGE);
        return;
    }
    const uint64_t first = where % info->elems, left = info->elems - first;
    const size_t capacity = READ_MAX / bytes;
    const uint64_t count = left < capacity ? left : capacity;
    require(ti_plan_fill(plan, first, count, out, NULL) == TI_OK);
    check_finite(info, out, (size_t)count);
    require(ti_plan_fill(plan, first, left + 1, out, NULL) == TI_ERANGE);
}

/* A range in one go, and cut in two. */
static void check_range(const struct ti_body *body, uint64_t where) {
    unsigned char whole[READ_MAX], parts[READ_MAX];
    const uint64_t bytes = ti_body_bytes(body), from = where % (bytes + 1);
    const uint64_t left = bytes - from, length = where >> 20 & (READ_MAX - 1);
    const size_t n = (size_t)(left < length ? left : length);
    const size_t cut = n ? (size_t)(where >> 40) % n : 0;
    require(ti_body_read(body, from, n, whole, NULL) == TI_OK);
    require(ti_body_read(body, from, cut, parts, NULL) == TI_OK);
    require(ti_body_read(body, from + cut, n - cut, parts + cut, NULL) == TI_OK);
    require(memcmp(whole, parts, n) == 0);
    if (left < SIZE_MAX) {
        require(ti_body_read(body, from, (size_t)left + 1, parts, NULL) == TI_ERANGE);
    }
}

static void check_body(const struct ti_plan *plan, uint64_t where) {
    struct ti_body *body;
    struct ti_error error;
    const enum ti_status status = ti_body_make(plan, &body, &error);
    if (status != TI_OK) {
        check_error(status, &error);
        return;
    }
    if (ti_body_has_length(body)) {
        for (int i = 0; i < 4; i++) {
            check_range(body, where);
            where = hash((const uint8_t *)&where, sizeof where, where);
        }
    }
    ti_body_free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ti_spec *spec;
    struct ti_plan *plan;
    struct ti_error error;
    if (ti_spec_make(&spec) != TI_OK) return 0;
    enum ti_status status = ti_spec_set_query(spec, (const char *)data, size, &error);
    if (status == TI_OK) status = ti_plan_make(spec, &plan, &error);
    if (status == TI_OK) {
        const uint64_t where = hash(data, size, 0xcbf29ce484222325);
        check_info(ti_plan_info(plan));
        check_elements(plan, where);
        check_body(plan, where);
        ti_plan_free(plan);
    } else {
        check_error(status, &error);
    }
    ti_spec_free(spec);
    return 0;
}
