/* SPDX-License-Identifier: MIT */
/*
 * Checks a response's header against the request, before the first byte of the body is
 * read.
 */
#include "client/verify.h"

#include <inttypes.h>
#include <string.h>

#include "client/client_error.h"

struct check {
    const struct tic_request *request;
    const struct tic_response *response;
    const struct tic_expected *expected;
    struct tic_info *info;
    struct ti_error *error;
};

bool tic_is_strong(const char *etag) { return etag[0] == '"'; }

bool tic_read_shape(const char *text, unsigned *rank, uint64_t shape[TI_MAX_RANK],
                    uint64_t *elems) {
    uint64_t product = 1;
    bool empty = false, too_many = false;
    *rank = 0;
    if (strcmp(text, "scalar") == 0) {
        *elems = 1;
        return true;
    }
    for (;;) {
        uint64_t dim;
        if (*rank == TI_MAX_RANK || !tic_read_u64(&text, &dim)) return false;
        shape[(*rank)++] = dim;
        empty |= dim == 0;
        too_many |= dim != 0 && product > UINT64_MAX / dim;
        product *= dim;
        if (*text == '\0') break;
        if (*text++ != ',') return false;
    }
    *elems = empty ? 0 : product;
    return empty || !too_many;
}

/* Fields ----------------------------------------------------------------------------- */

/*
 * Copies a field to 'out', which has TIC_INFO_TEXT_BYTES. If it is missing, copies
 * 'fallback', or fails if it is 'required'.
 */
static enum ti_status copy_field(const struct check *check, const char *name,
                                 bool required, const char *fallback, char *out) {
    size_t count;
    const char *value = tic_response_get(check->response, name, &count);
    if (count > 1) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the response has the field %s more than once", name);
    }
    if (required && (!value || !*value)) {
        return tic_fail(
            check->error, TI_EMISMATCH, "",
            "the response lacks the field %s: is this the URL of a tensorinitd?", name);
    }
    if (!value) value = fallback;
    if (strlen(value) >= TIC_INFO_TEXT_BYTES) {
        return tic_fail(check->error, TI_EMISMATCH, "", "the response's %s is too long",
                        name);
    }
    memcpy(out, value, strlen(value) + 1);
    return TI_OK;
}

/* Checks the value of a field; any value will do if 'wanted' is NULL. */
static enum ti_status expect(const struct check *check, const char *name,
                             const char *value, const char *wanted) {
    if (!wanted || strcmp(value, wanted) == 0) return TI_OK;
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the response's %s is %.100s, expected %.100s", name, value, wanted);
}

static enum ti_status check_shape(const struct check *check, const char *name,
                                  const char *wanted, bool must_be_valid) {
    uint64_t actual[TI_MAX_RANK], shape[TI_MAX_RANK], elems;
    unsigned actual_rank, rank;
    const char *value = tic_response_get(check->response, name, NULL);
    if (!value || !wanted) return TI_OK;
    if (!tic_read_shape(wanted, &rank, shape, &elems)) {
        if (!must_be_valid) return TI_OK;
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the expected shape '%.100s' is not valid", wanted);
    }
    if (tic_read_shape(value, &actual_rank, actual, &elems) && actual_rank == rank &&
        memcmp(actual, shape, rank * sizeof *shape) == 0) {
        return TI_OK;
    }
    return expect(check, name, value, wanted);
}

/*
 * The parameter shape is that of the full tensor: Tensor-Full-Shape, or Tensor-Shape if
 * the body is the full tensor. With slice or shard and without Tensor-Full-Shape it
 * cannot be checked, nor with permute, which changes the order of dims in both.
 */
static enum ti_status check_shapes(const struct check *check, bool required) {
    struct tic_info *info = check->info;
    const struct tic_request *request = check->request;
    size_t count;
    const char *value = tic_response_get(check->response, "Tensor-Shape", &count);
    if (!value && !required) {
        info->rank = check->expected->earlier->rank;
        memcpy(info->shape, check->expected->earlier->shape, sizeof info->shape);
        info->elems = check->expected->earlier->elems;
        return TI_OK;
    }
    if (!value || count > 1 ||
        !tic_read_shape(value, &info->rank, info->shape, &info->elems)) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the response has no valid Tensor-Shape: is this the URL of a "
                        "tensorinitd?");
    }
    const char *full = "Tensor-Full-Shape", *wanted = tic_request_get(request, "shape");
    if (tic_request_get(request, "permute")) wanted = NULL;
    if (!tic_response_get(check->response, full, NULL)) {
        full = "Tensor-Shape";
        if (tic_request_get(request, "slice") || tic_request_get(request, "shard")) {
            wanted = NULL;
        }
    }
    enum ti_status status = check_shape(check, full, wanted, false);
    if (status != TI_OK) return status;
    return check_shape(check, "Tensor-Shape", request->texts[TIC_EXPECT_SHAPE], true);
}

static enum ti_status check_dtype(const struct check *check) {
    const struct tic_request *request = check->request;
    struct tic_info *info = check->info;
    enum ti_dtype dtype;
    const char *wanted = tic_request_get(request, "dtype");
    info->dtype_bytes = tic_dtype_named(info->dtype, &dtype) ? ti_dtype_bytes(dtype) : 0;
    /* An unknown name may be an alias that a newer server has. */
    if (wanted && !tic_dtype_named(wanted, &dtype)) wanted = NULL;
    if (!wanted && request->unit == TIC_UNIT_ELEMS) wanted = ti_dtype_name(TI_DTYPE_F32);
    enum ti_status status = expect(check, "Tensor-Dtype", info->dtype, wanted);
    if (status != TI_OK) return status;
    return expect(check, "Tensor-Dtype", info->dtype, request->texts[TIC_EXPECT_DTYPE]);
}

static enum ti_status check_media_type(const struct check *check) {
    char *type = check->info->media_type;
    enum ti_format format;
    const char *encoding = tic_response_get(check->response, "Content-Encoding", NULL);
    type[strcspn(type, "; \t")] = '\0';
    if (encoding && !tic_same_ascii(encoding, "identity")) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the response has the encoding %.60s, which was not requested",
                        encoding);
    }
    /* The continuation of a body need not repeat its type. */
    if (check->expected->earlier && !*type) return TI_OK;
    if (!tic_request_format(check->request, &format)) return TI_OK;
    const char *wanted = ti_format_media_type(format);
    if (tic_same_ascii(type, wanted)) return TI_OK;
    return expect(check, "Content-Type", *type ? type : "missing", wanted);
}

/* Lengths ---------------------------------------------------------------------------- */

/*
 * Checks the length against shape and dtype. A raw body is its elements; another binary
 * format has a header as well. The length of text is not known, but it is not 0.
 */
static enum ti_status check_total(const struct check *check) {
    struct tic_info *info = check->info;
    enum ti_format format;
    uint64_t data_bytes;
    if (!tic_request_format(check->request, &format)) return TI_OK;
    if (ti_format_is_text(format)) {
        if (info->total_bytes > 0) return TI_OK;
        return tic_fail(check->error, TI_EMISMATCH, "", "the body is empty");
    }
    if (info->dtype_bytes == 0) return TI_OK;
    if (info->elems > TIC_MAX_BYTES / info->dtype_bytes) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the response's Tensor-Shape is too large for a body");
    }
    data_bytes = info->elems * info->dtype_bytes;
    if (info->total_bytes == TIC_UNKNOWN) {
        if (format == TI_FORMAT_RAW) info->total_bytes = data_bytes;
        return TI_OK;
    }
    if (format == TI_FORMAT_RAW ? info->total_bytes == data_bytes
                                : info->total_bytes >= data_bytes) {
        return TI_OK;
    }
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the body has %" PRIu64 " bytes, expected %" PRIu64
                    " for its Tensor-Shape and Tensor-Dtype",
                    info->total_bytes, data_bytes);
}

/* Reads Content-Length; TIC_UNKNOWN if there is none. */
static enum ti_status read_length(const struct check *check, uint64_t *bytes) {
    size_t count;
    const char *value = tic_response_get(check->response, "Content-Length", &count);
    *bytes = TIC_UNKNOWN;
    if (!value) return TI_OK;
    if (count == 1 && tic_read_u64(&value, bytes) && *value == '\0' &&
        *bytes <= TIC_MAX_BYTES) {
        return TI_OK;
    }
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the response's Content-Length is not valid");
}

/* Reads "bytes 0-99/400"; the total may be '*' (RFC 9110 section 14.4). */
static bool read_content_range(const char *text, uint64_t *first, uint64_t *last,
                               uint64_t *total) {
    if (!text || strncmp(text, "bytes ", 6) != 0) return false;
    text += 6;
    if (!tic_read_u64(&text, first) || *text++ != '-') return false;
    if (!tic_read_u64(&text, last) || *text++ != '/') return false;
    *total = TIC_UNKNOWN;
    if (strcmp(text, "*") == 0) return *first <= *last && *last < TIC_MAX_BYTES;
    return tic_read_u64(&text, total) && *text == '\0' && *first <= *last &&
           *last < *total && *total <= TIC_MAX_BYTES;
}

static enum ti_status out_of_range(const struct check *check) {
    return tic_fail(check->error, TI_ERANGE, "",
                    "the requested part lies outside the body of %" PRIu64 " bytes",
                    check->info->total_bytes);
}

/* 206: the body is exactly the requested part. */
static enum ti_status check_partial(const struct check *check,
                                    struct tic_extent *extent) {
    const struct tic_expected *expected = check->expected;
    struct tic_info *info = check->info;
    uint64_t first, last, length;
    size_t count;
    const char *range = tic_response_get(check->response, "Content-Range", &count);
    if (!expected->ranged) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the response is partial (206), but the full body was requested");
    }
    if (count > 1 || !read_content_range(range, &first, &last, &info->total_bytes)) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the response is partial (206) without a valid Content-Range");
    }
    enum ti_status status = read_length(check, &length);
    if (status == TI_OK) status = check_total(check);
    if (status != TI_OK) return status;
    const uint64_t total = info->total_bytes, got = last - first + 1;
    const bool to_end = expected->count_bytes == TIC_TO_END;
    /* The server shortened the part because the body ends there. */
    if (first == expected->first_byte && !to_end && got < expected->count_bytes &&
        last + 1 == total) {
        return out_of_range(check);
    }
    if (first != expected->first_byte || (length != TIC_UNKNOWN && length != got) ||
        (to_end ? total != TIC_UNKNOWN && last + 1 != total
                : got != expected->count_bytes)) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the response's Content-Range (%.60s) is not the requested part",
                        range);
    }
    extent->skip_bytes = 0;
    extent->count_bytes = got;
    return TI_OK;
}

/* 200: the full body, which contains the part. */
static enum ti_status check_full(const struct check *check, struct tic_extent *extent) {
    const struct tic_expected *expected = check->expected;
    struct tic_info *info = check->info;
    const uint64_t first = expected->first_byte, count = expected->count_bytes;
    enum ti_status status = read_length(check, &info->total_bytes);
    if (status == TI_OK) status = check_total(check);
    if (status != TI_OK) return status;
    const uint64_t total = info->total_bytes;
    const bool to_end = count == TIC_TO_END;
    /* No length and no chunks: a truncated body could not be detected. */
    if (total == TIC_UNKNOWN && !expected->head && check->response->http_major < 2 &&
        !tic_response_get(check->response, "Transfer-Encoding", NULL)) {
        return tic_fail(check->error, TI_EMISMATCH, "", "the response has no length");
    }
    /* As for a range request: a part that starts at the very end lies outside, too. */
    if (total != TIC_UNKNOWN &&
        (first > total || (first == total && first > 0 && to_end) ||
         (!to_end && count > total - first))) {
        return out_of_range(check);
    }
    extent->skip_bytes = first;
    extent->count_bytes = !to_end ? count : total == TIC_UNKNOWN ? total : total - first;
    if (expected->head || first <= check->request->numbers[TIC_SKIP_BYTES]) return TI_OK;
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the server responded with the full body; %" PRIu64
                    " bytes would have to be discarded before the requested part",
                    first);
}

/* All checks ------------------------------------------------------------------------- */

static enum ti_status different_body(const struct check *check) {
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the server offers a different body than the one that has begun");
}

/* A continuation must belong to the same body; its entity tag has been compared. */
static enum ti_status check_same(const struct check *check) {
    const struct tic_info *now = check->info, *was = check->expected->earlier;
    if (strcmp(now->spec, was->spec) == 0 && strcmp(now->dtype, was->dtype) == 0 &&
        now->rank == was->rank &&
        memcmp(now->shape, was->shape, now->rank * sizeof *now->shape) == 0 &&
        now->total_bytes == was->total_bytes &&
        (*was->etag || now->total_bytes != TIC_UNKNOWN)) {
        return TI_OK;
    }
    return different_body(check);
}

/* Checks the fields that describe the tensor; its length is checked later. */
static enum ti_status check_fields(const struct check *check) {
    const struct tic_request *request = check->request;
    const struct tic_info *was = check->expected->earlier;
    struct tic_info *info = check->info;
    enum ti_status status = copy_field(check, "ETag", false, "", info->etag);
    if (status != TI_OK) return status;
    status = expect(check, "ETag", info->etag, check->request->texts[TIC_EXPECT_ETAG]);
    if (status != TI_OK) return status;
    if (request->path) {
        status = copy_field(check, "Content-Type", false, "", info->media_type);
        return status == TI_OK ? check_media_type(check) : status;
    }
    /* A 206 to If-Range may omit what the ETag implies (RFC 9110 section 15.3.7). */
    const bool same_tag = was && check->response->status == 206 &&
                          tic_is_strong(was->etag) && strcmp(info->etag, was->etag) == 0;
    const char *spec = same_tag ? was->spec : "", *dtype = same_tag ? was->dtype : "";
    status = copy_field(check, "Tensor-Spec", !same_tag, spec, info->spec);
    if (status == TI_OK)
        status = copy_field(check, "Tensor-Dtype", !same_tag, dtype, info->dtype);
    if (status == TI_OK)
        status = copy_field(check, "Content-Type", false, "", info->media_type);
    if (status == TI_OK)
        status =
            expect(check, "Tensor-Spec", info->spec, request->texts[TIC_EXPECT_SPEC]);
    if (status == TI_OK)
        status =
            expect(check, "Tensor-Spec", info->spec, tic_request_get(request, "spec"));
    if (status == TI_OK) status = check_shapes(check, !same_tag);
    if (status == TI_OK) status = check_dtype(check);
    if (status == TI_OK) status = check_media_type(check);
    return status;
}

enum ti_status tic_verify(const struct tic_request *request,
                          const struct tic_response *response,
                          const struct tic_expected *expected, struct tic_info *info,
                          struct tic_extent *extent, struct ti_error *error) {
    const struct check check = {request, response, expected, info, error};
    *info = (struct tic_info){.struct_bytes = sizeof *info};
    enum ti_status status = check_fields(&check);
    if (status != TI_OK) return status;
    /* Before lengths: a server that has another body responds with all of it. */
    if (expected->earlier && strcmp(info->etag, expected->earlier->etag) != 0) {
        return different_body(&check);
    }
    status = response->status == 206 ? check_partial(&check, extent)
                                     : check_full(&check, extent);
    return status == TI_OK && expected->earlier ? check_same(&check) : status;
}
