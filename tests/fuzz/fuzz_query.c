/* SPDX-License-Identifier: MIT */
/*
 * The input is a query, as people type it. If its strict reading is accepted, it must mean
 * the same; its plain form must mean the same in any case. Planned, it must tell the truth about itself; its canonical query
 * must ask for the same bytes; and what is read in pieces must be what is read at once.
 */
#include <math.h>

#include "fuzz/fuzz.h"

#define READ_BYTES 4096
/* Factorizations of more bytes or elements are not computed. */
#define FACTOR_BYTES ((size_t)256 << 10)
#define FACTOR_ELEMS ((uint64_t)1 << 18)
/* Tensors up to this size are read from start to end. */
#define ELEMS_MAX 2048

static void check_warnings(const struct ti_spec *spec, const struct ti_plan *plan) {
    struct ti_warning warnings[TI_WARNINGS_MAX];
    const unsigned count = ti_plan_warnings(spec, plan, warnings);
    REQUIRE(count <= TI_WARNINGS_MAX);
    for (unsigned i = 0; i < count; i++) {
        const size_t n = strlen(warnings[i].text);
        REQUIRE(*warnings[i].field && n > 0 && n < TI_WARNING_BYTES);
        for (size_t k = 0; k < n; k++) {
            REQUIRE(warnings[i].text[k] >= ' ' && warnings[i].text[k] <= '~');
        }
    }
}

typedef enum ti_status reader(struct ti_spec *, const char *, size_t, struct ti_error *);

static struct ti_plan *plan_by(reader *read, const char *query, size_t bytes) {
    struct ti_spec *spec;
    struct ti_plan *plan = NULL;
    struct ti_error error;
    if (ti_spec_make(&spec) != TI_OK) exit(1);
    enum ti_status status = read(spec, query, bytes, &error);
    if (status == TI_OK) status = ti_plan_make(spec, &plan, &error);
    if (status != TI_OK) fuzz_check_error(status, &error);
    if (status == TI_OK) check_warnings(spec, plan);
    ti_spec_free(spec);
    return plan;
}

static struct ti_plan *plan_of(const char *query, size_t bytes) {
    return plan_by(ti_spec_set_query, query, bytes);
}

static void require_same(const struct ti_plan *plan, const struct ti_plan *other) {
    REQUIRE(strcmp(ti_plan_info(plan)->query, ti_plan_info(other)->query) == 0);
    REQUIRE(strcmp(ti_plan_info(plan)->etag, ti_plan_info(other)->etag) == 0);
}

/* The plan of what was typed; NULL if it is refused. */
static struct ti_plan *plan_typed(const char *query, size_t bytes) {
    struct ti_plan *typed = plan_by(ti_spec_set_query_lenient, query, bytes);
    struct ti_plan *strict = plan_of(query, bytes);
    char *plain;
    struct ti_error error;
    REQUIRE(typed || !strict);
    if (strict) require_same(typed, strict);
    ti_plan_free(strict);
    const enum ti_status status = ti_query_plain(query, bytes, &plain, &error);
    if (status != TI_OK) {
        fuzz_check_error(status, &error);
        REQUIRE(!typed);
        return NULL;
    }
    struct ti_plan *again = plan_by(ti_spec_set_query_lenient, plain, strlen(plain));
    REQUIRE(!typed == !again);
    if (typed) require_same(typed, again);
    ti_plan_free(again);
    free(plain);
    return typed;
}

static uint64_t full_elems(const struct ti_plan_info *info) {
    uint64_t elems = 1;
    for (unsigned i = 0; i < info->full_rank; i++) elems *= info->full_shape[i];
    return elems;
}

static void check_info(const struct ti_plan_info *info) {
    uint64_t elems = 1;
    REQUIRE(info->rank <= info->full_rank && info->full_rank <= TI_MAX_RANK);
    for (unsigned i = 0; i < info->rank; i++) elems *= info->shape[i];
    REQUIRE(elems == info->elems && elems <= full_elems(info));
    REQUIRE(info->body_bytes == info->elems * ti_dtype_bytes(info->dtype));
    REQUIRE(info->body_bytes <= INT64_MAX);
    REQUIRE(strlen(info->name) <= TI_MAX_NAME_BYTES);
    REQUIRE(strlen(info->etag) == 32);
    REQUIRE((info->factor_bytes > 0) == (*info->factor_key != '\0'));
    REQUIRE(info->factor_bytes <= info->factor_peak_bytes);
    const bool pattern = info->distribution == TI_DISTRIBUTION_PATTERN;
    REQUIRE(isnan(info->mean) == pattern && isnan(info->std) == pattern);
    REQUIRE(isnan(info->sigma) == pattern);
    REQUIRE(info->low <= info->high);
    if (isinf(info->mean)) REQUIRE(info->distribution == TI_DISTRIBUTION_CONSTANT);
}

/* No float is infinite or NaN: its bits without the sign are below those of infinity. */
static void check_finite(enum ti_dtype dtype, const unsigned char *elems, size_t count) {
    const struct ti_float_format *format = ti_dtype_float_format(dtype);
    const size_t bytes = ti_dtype_bytes(dtype);
    if (!format) return;
    const uint64_t sign = (uint64_t)1 << (format->exponent_bits + format->fraction_bits);
    /* f8_e4m3 has no infinities and one NaN. */
    const uint64_t limit = dtype == TI_DTYPE_F8_E4M3
                               ? sign - 1
                               : sign - ((uint64_t)1 << format->fraction_bits);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = 0;
        memcpy(&bits, elems + i * bytes, bytes);
        REQUIRE((bits & (sign - 1)) < limit);
    }
}

/* f32 and f64 values lie within the plan's bounds, which are rounded to the dtype. */
static void check_bounds(const struct ti_plan_info *info, const unsigned char *elems,
                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        float x = 0;
        double y = 0;
        if (info->dtype == TI_DTYPE_F32) {
            memcpy(&x, elems + i * sizeof x, sizeof x);
            REQUIRE(x >= (float)info->low && x <= (float)info->high);
        } else if (info->dtype == TI_DTYPE_F64) {
            memcpy(&y, elems + i * sizeof y, sizeof y);
            REQUIRE(y >= info->low && y <= info->high);
        }
    }
}

/* A request twice: as it came, and as its canonical query. */
struct twins {
    struct ti_plan *plan, *again;
    const struct ti_plan_info *info;
    void *workspace;
};

static void check_elements(const struct twins *twins, uint64_t where) {
    const struct ti_plan_info *info = twins->info;
    const size_t bytes = ti_dtype_bytes(info->dtype), capacity = READ_BYTES / bytes;
    unsigned char out[READ_BYTES], again[READ_BYTES];
    const uint64_t first = info->elems > 0 ? where % info->elems : 0;
    const uint64_t left = info->elems - first;
    const size_t count = left < capacity ? (size_t)left : capacity;
    void *workspace = twins->workspace;
    REQUIRE(ti_plan_fill(twins->plan, first, count, out, workspace) == TI_OK);
    REQUIRE(ti_plan_fill(twins->again, first, count, again, workspace) == TI_OK);
    REQUIRE(memcmp(out, again, count * bytes) == 0);
    if (!isinf(info->mean)) check_finite(info->dtype, out, count);
    check_bounds(info, out, count);
    REQUIRE(ti_plan_fill(twins->plan, info->elems, 0, out, NULL) == TI_OK);
    REQUIRE(ti_plan_fill(twins->plan, first, left + 1, out, workspace) == TI_ERANGE);
}

/* A range of a body in one go, and cut in two, of the other plan. */
static void check_cut(const struct ti_body *body, const struct ti_body *other,
                      void *workspace, uint64_t where) {
    unsigned char out[READ_BYTES], parts[READ_BYTES];
    const uint64_t bytes = ti_body_bytes(body), from = where % (bytes + 1);
    const uint64_t left = bytes - from, length = where >> 20 & (READ_BYTES - 1);
    const size_t n = (size_t)(left < length ? left : length);
    const size_t cut = n > 0 ? (size_t)(where >> 40) % n : 0;
    REQUIRE(ti_body_read(body, from, n, out, workspace) == TI_OK);
    REQUIRE(ti_body_read(other, from, cut, parts, workspace) == TI_OK);
    REQUIRE(ti_body_read(other, from + cut, n - cut, parts + cut, workspace) == TI_OK);
    REQUIRE(memcmp(out, parts, n) == 0);
    REQUIRE(ti_body_read(body, from, (size_t)left + 1, parts, workspace) == TI_ERANGE);
}

/* Digest of a body that is read in order, with buffers of this capacity. */
static uint64_t read_in_order(const struct ti_body *body, size_t capacity,
                              void *workspace, uint64_t *bytes) {
    struct ti_body_cursor cursor = {0};
    uint64_t digest = FUZZ_HASH_START;
    unsigned char *out = malloc(capacity);
    if (!out) exit(1);
    *bytes = 0;
    for (size_t written = 1; written > 0; *bytes += written) {
        REQUIRE(ti_body_next(body, &cursor, capacity, out, &written, workspace) == TI_OK);
        REQUIRE(written <= capacity);
        for (size_t i = 0; i < written; i++) digest = (digest ^ out[i]) * 0x100000001b3;
    }
    free(out);
    return digest;
}

static void check_in_order(const struct ti_body *body, const struct ti_body *other,
                           void *workspace, uint64_t where) {
    uint64_t bytes, other_bytes;
    const size_t capacity = TI_BODY_CAPACITY_MIN + where % TI_BODY_CAPACITY_MIN;
    const uint64_t digest = read_in_order(body, TI_BODY_CAPACITY_MIN, workspace, &bytes);
    REQUIRE(read_in_order(other, capacity, workspace, &other_bytes) == digest);
    REQUIRE(bytes == other_bytes);
    REQUIRE(!ti_body_has_length(body) || bytes == ti_body_bytes(body));
}

static void check_bodies(const struct twins *twins, uint64_t where) {
    struct ti_body *body, *other;
    struct ti_error error;
    const enum ti_status status = ti_body_make(twins->plan, &body, &error);
    REQUIRE(ti_body_make(twins->again, &other, NULL) == status);
    if (status != TI_OK) {
        fuzz_check_error(status, &error);
        return;
    }
    REQUIRE(ti_body_bytes(body) == ti_body_bytes(other));
    for (int i = 0; i < 4 && ti_body_has_length(body); i++) {
        check_cut(body, other, twins->workspace, where);
        where = fuzz_hash(where, &where, sizeof where);
    }
    if (twins->info->elems <= ELEMS_MAX)
        check_in_order(body, other, twins->workspace, where);
    ti_body_free(other);
    ti_body_free(body);
}

/* The canonical query is its own canonical query, of the same tensor. */
static void check_canonical(const struct twins *twins) {
    const struct ti_plan_info *info = twins->info, *again = ti_plan_info(twins->again);
    REQUIRE(strcmp(info->query, again->query) == 0);
    REQUIRE(strcmp(info->etag, again->etag) == 0);
    REQUIRE(strcmp(info->scheme, again->scheme) == 0);
    REQUIRE(strcmp(info->name, again->name) == 0);
    REQUIRE(strcmp(info->factor_key, again->factor_key) == 0);
    REQUIRE(info->dtype == again->dtype && info->elems == again->elems);
    REQUIRE(info->rank == again->rank);
    REQUIRE(memcmp(info->shape, again->shape, info->rank * sizeof *info->shape) == 0);
    REQUIRE(info->low == again->low && info->high == again->high);
}

/* False if the factorization is too large for here. */
static bool compute_factor(const struct twins *twins, struct ti_factor **factor) {
    unsigned char out[8];
    *factor = NULL;
    if (twins->info->factor_peak_bytes > FACTOR_BYTES) return false;
    if (*twins->info->factor_key && full_elems(twins->info) > FACTOR_ELEMS) return false;
    if (ti_factor_make(twins->plan, factor, NULL) != TI_OK) exit(1);
    if (!*factor) return true;
    REQUIRE(ti_plan_fill(twins->plan, 0, 1, out, twins->workspace) == TI_EFACTOR);
    ti_factor_run_all(*factor);
    REQUIRE(ti_plan_use(twins->plan, *factor) == TI_OK);
    REQUIRE(ti_plan_use(twins->again, *factor) == TI_OK);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint64_t where = fuzz_hash(FUZZ_HASH_START, data, size);
    struct twins twins = {.plan = plan_typed((const char *)data, size)};
    struct ti_factor *factor;
    if (!twins.plan) return 0;
    twins.info = ti_plan_info(twins.plan);
    check_info(twins.info);
    twins.again = plan_of(twins.info->query, strlen(twins.info->query));
    REQUIRE(twins.again);
    check_canonical(&twins);
    if (ti_workspace_make(twins.plan, &twins.workspace, NULL) != TI_OK) exit(1);
    if (compute_factor(&twins, &factor)) {
        check_elements(&twins, where);
        check_bodies(&twins, where);
    }
    ti_workspace_free(twins.workspace);
    ti_plan_free(twins.again);
    ti_plan_free(twins.plan);
    ti_factor_free(factor);
    return 0;
}
