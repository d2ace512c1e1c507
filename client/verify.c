/* SPDX-License-Identifier: MIT */
/*
 * Holds an answer's header against the request: called for each answer that promises a
 * body, before the first byte of it is looked at.
 */
#include "client/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tensorinit/body.h>

#include "client/client_error.h"

struct check {
    const struct tic_request *request;
    const struct tic_answer *answer;
    const struct tic_asked *asked;
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

/* Fields -------------------------------------------------------------------------------
 */

/*
 * Copies a field to 'out', TIC_INFO_TEXT_BYTES. Where it is missing: an error, if it is
 * 'needed', else 'fallback'.
 */
static enum ti_status take(const struct check *check, const char *name, bool needed,
                           const char *fallback, char *out) {
    size_t count;
    const char *value = tic_answer_get(check->answer, name, &count);
    if (count > 1) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the answer has the field %s more than once", name);
    }
    if (needed && (!value || !*value)) {
        return tic_fail(
            check->error, TI_EMISMATCH, "",
            "the answer lacks the field %s: is the URL that of a tensorinitd?", name);
    }
    if (!value) value = fallback;
    if (strlen(value) >= TIC_INFO_TEXT_BYTES) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the answer's %s is longer than any sensible one", name);
    }
    memcpy(out, value, strlen(value) + 1);
    return TI_OK;
}

/* A field's value and what it must be; 'wanted' NULL is satisfied with anything. */
static enum ti_status expect(const struct check *check, const char *name,
                             const char *value, const char *wanted) {
    if (!wanted || strcmp(value, wanted) == 0) return TI_OK;
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the answer's %s is %.100s; expected was %.100s", name, value,
                    wanted);
}

static enum ti_status check_shape(const struct check *check, const char *name,
                                  const char *wanted, bool must_read) {
    uint64_t now[TI_MAX_RANK], shape[TI_MAX_RANK], elems;
    unsigned now_rank, rank;
    const char *value = tic_answer_get(check->answer, name, NULL);
    if (!value || !wanted) return TI_OK;
    if (!tic_read_shape(wanted, &rank, shape, &elems)) {
        if (!must_read) return TI_OK;
        return tic_fail(check->error, TI_EMISMATCH, "", "'%.100s' is no shape to expect",
                        wanted);
    }
    if (tic_read_shape(value, &now_rank, now, &elems) && now_rank == rank &&
        memcmp(now, shape, rank * sizeof *shape) == 0) {
        return TI_OK;
    }
    return expect(check, name, value, wanted);
}

/*
 * The parameter shape is that of the full tensor; Tensor-Full-Shape says it where the
 * body's differs, and a server that doesn't say it is believed about a part. permute
 * makes something else of both.
 */
static enum ti_status check_shapes(const struct check *check, bool needed) {
    struct tic_info *info = check->info;
    const struct tic_request *request = check->request;
    size_t count;
    const char *value = tic_answer_get(check->answer, "Tensor-Shape", &count);
    if (!value && !needed) {
        info->rank = check->asked->earlier->rank;
        memcpy(info->shape, check->asked->earlier->shape, sizeof info->shape);
        info->elems = check->asked->earlier->elems;
        return TI_OK;
    }
    if (!value || count > 1 ||
        !tic_read_shape(value, &info->rank, info->shape, &info->elems)) {
        return tic_fail(
            check->error, TI_EMISMATCH, "",
            "the answer has no Tensor-Shape that can be read: is the URL that "
            "of a tensorinitd?");
    }
    const char *full = "Tensor-Full-Shape", *asked = tic_request_get(request, "shape");
    if (tic_request_get(request, "permute")) asked = NULL;
    if (!tic_answer_get(check->answer, full, NULL)) {
        full = "Tensor-Shape";
        if (tic_request_get(request, "slice") || tic_request_get(request, "shard")) {
            asked = NULL;
        }
    }
    enum ti_status status = check_shape(check, full, asked, false);
    if (status != TI_OK) return status;
    return check_shape(check, "Tensor-Shape", request->texts[TIC_EXPECT_SHAPE], true);
}

static enum ti_status check_dtype(const struct check *check) {
    const struct tic_request *request = check->request;
    struct tic_info *info = check->info;
    enum ti_dtype dtype;
    const char *wanted = tic_request_get(request, "dtype");
    info->dtype_bytes = tic_dtype_named(info->dtype, &dtype) ? ti_dtype_bytes(dtype) : 0;
    /* A spelling that is not known here may be another name of what came. */
    if (wanted && !tic_dtype_named(wanted, &dtype)) wanted = NULL;
    if (!wanted && request->unit == TIC_UNIT_ELEMS) wanted = ti_dtype_name(TI_DTYPE_F32);
    enum ti_status status = expect(check, "Tensor-Dtype", info->dtype, wanted);
    if (status != TI_OK) return status;
    return expect(check, "Tensor-Dtype", info->dtype, request->texts[TIC_EXPECT_DTYPE]);
}

static enum ti_status check_media_type(const struct check *check) {
    char *type = check->info->media_type;
    const char *wanted = tic_request_media_type(check->request);
    const char *encoding = tic_answer_get(check->answer, "Content-Encoding", NULL);
    type[strcspn(type, "; \t")] = '\0';
    if (encoding && !tic_same_ascii(encoding, "identity")) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the answer is encoded (%.60s), which nobody asked for",
                        encoding);
    }
    /* The rest of a body need not say again what it is. */
    if (check->asked->earlier && !*type) return TI_OK;
    if (!wanted || tic_same_ascii(type, wanted)) return TI_OK;
    return expect(check, "Content-Type", *type ? type : "missing", wanted);
}

/* Lengths ------------------------------------------------------------------------------
 */

static bool is_raw(const struct tic_request *request) {
    const char *format = tic_request_get(request, "format");
    return !format || strcmp(format, ti_format_name(TI_FORMAT_RAW)) == 0;
}

/*
 * What shape and dtype say of the length. A raw body is its elements; any other binary
 * format has a header as well. JSON is the one whose length they do not bound.
 */
static enum ti_status check_total(const struct check *check) {
    struct tic_info *info = check->info;
    const struct tic_request *request = check->request;
    const char *format = tic_request_get(request, "format");
    uint64_t data_bytes;
    if (format && strcmp(format, "json") == 0) {
        if (info->total_bytes > 0) return TI_OK;
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the body is empty, which JSON isn't");
    }
    if (info->dtype_bytes == 0) return TI_OK;
    if (info->elems > TIC_MAX_BYTES / info->dtype_bytes) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the answer's Tensor-Shape is larger than a body can be");
    }
    data_bytes = info->elems * info->dtype_bytes;
    if (info->total_bytes == TIC_UNKNOWN) {
        if (is_raw(request)) info->total_bytes = data_bytes;
        return TI_OK;
    }
    if (is_raw(request) ? info->total_bytes == data_bytes
                        : info->total_bytes >= data_bytes) {
        return TI_OK;
    }
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the body has %" PRIu64
                    " bytes; the elements of its Tensor-Shape and "
                    "Tensor-Dtype are %" PRIu64,
                    info->total_bytes, data_bytes);
}

/* TIC_UNKNOWN where there is no such field. */
static enum ti_status take_length(const struct check *check, uint64_t *bytes) {
    size_t count;
    const char *value = tic_answer_get(check->answer, "Content-Length", &count);
    *bytes = TIC_UNKNOWN;
    if (!value) return TI_OK;
    if (count == 1 && tic_read_u64(&value, bytes) && *value == '\0' &&
        *bytes <= TIC_MAX_BYTES) {
        return TI_OK;
    }
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the answer's Content-Length is no number of bytes");
}

/* "bytes 0-99/400", or a star for the total (RFC 9110 section 14.4); false if it is
 * neither. */
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

static enum ti_status beyond(const struct check *check) {
    return tic_fail(check->error, TI_ERANGE, "",
                    "the part asked for lies outside the body of %" PRIu64 " bytes",
                    check->info->total_bytes);
}

/* 206: exactly the part that was asked for. */
static enum ti_status check_part(const struct check *check, struct tic_piece *piece) {
    const struct tic_asked *asked = check->asked;
    struct tic_info *info = check->info;
    uint64_t first, last, length;
    size_t count;
    const char *range = tic_answer_get(check->answer, "Content-Range", &count);
    if (!asked->ranged) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the answer is a part (206), but the whole was asked for");
    }
    if (count > 1 || !read_content_range(range, &first, &last, &info->total_bytes)) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the answer is a part (206) without a Content-Range that can be "
                        "read");
    }
    enum ti_status status = take_length(check, &length);
    if (status == TI_OK) status = check_total(check);
    if (status != TI_OK) return status;
    const uint64_t total = info->total_bytes, got = last - first + 1;
    const bool to_end = asked->count_bytes == TIC_TO_END;
    /* A part that ends with the body was cut there by the server. */
    if (first == asked->first_byte && !to_end && got < asked->count_bytes &&
        last + 1 == total) {
        return beyond(check);
    }
    if (first != asked->first_byte || (length != TIC_UNKNOWN && length != got) ||
        (to_end ? total != TIC_UNKNOWN && last + 1 != total
                : got != asked->count_bytes)) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the answer's Content-Range (%.60s) is not the part asked for",
                        range);
    }
    piece->skip_bytes = 0;
    piece->take_bytes = got;
    return TI_OK;
}

/* 200: the whole body, of which the part has to be cut. */
static enum ti_status check_whole(const struct check *check, struct tic_piece *piece) {
    const struct tic_asked *asked = check->asked;
    struct tic_info *info = check->info;
    const uint64_t first = asked->first_byte, count = asked->count_bytes;
    enum ti_status status = take_length(check, &info->total_bytes);
    if (status == TI_OK) status = check_total(check);
    if (status != TI_OK) return status;
    const uint64_t total = info->total_bytes;
    const bool to_end = count == TIC_TO_END;
    /* A body that ends with the connection: nobody could tell it from half of one. */
    if (total == TIC_UNKNOWN && !asked->head && check->answer->http_major < 2 &&
        !tic_answer_get(check->answer, "Transfer-Encoding", NULL)) {
        return tic_fail(check->error, TI_EMISMATCH, "",
                        "the answer does not say how long it is");
    }
    /* As a server of ranges has it: what begins at the very end lies outside, too. */
    if (total != TIC_UNKNOWN &&
        (first > total || (first == total && first > 0 && to_end) ||
         (!to_end && count > total - first))) {
        return beyond(check);
    }
    piece->skip_bytes = first;
    piece->take_bytes = !to_end ? count : total == TIC_UNKNOWN ? total : total - first;
    if (asked->head || first <= check->request->numbers[TIC_SKIP_BYTES]) return TI_OK;
    return tic_fail(check->error, TI_EMISMATCH, "",
                    "the server answered with the whole body; %" PRIu64
                    " bytes would have "
                    "to be dropped before the part asked for",
                    first);
}

/* The whole ----------------------------------------------------------------------------
 */

/* The rest of a body must be of the same body. */
static enum ti_status check_same(const struct check *check) {
    const struct tic_info *now = check->info, *was = check->asked->earlier;
    if (strcmp(now->spec, was->spec) == 0 && strcmp(now->dtype, was->dtype) == 0 &&
        strcmp(now->etag, was->etag) == 0 && now->rank == was->rank &&
        memcmp(now->shape, was->shape, now->rank * sizeof *now->shape) == 0 &&
        now->total_bytes == was->total_bytes &&
        (*was->etag || now->total_bytes != TIC_UNKNOWN)) {
        return TI_OK;
    }
    return tic_fail(
        check->error, TI_EMISMATCH, "",
        "the connection broke, and what the server offers now is not the rest of "
        "what it offered before");
}

enum ti_status tic_verify(const struct tic_request *request,
                          const struct tic_answer *answer, const struct tic_asked *asked,
                          struct tic_info *info, struct tic_piece *piece,
                          struct ti_error *error) {
    const struct check check = {request, answer, asked, info, error};
    const struct tic_info *was = asked->earlier;
    enum ti_status status;
    memset(info, 0, sizeof *info);
    if ((status = take(&check, "ETag", false, "", info->etag)) != TI_OK) return status;
    /* RFC 9110 section 15.3.7: a part asked for by If-Range may leave out what the ETag
     * says. */
    const bool same_tag = was && answer->status == 206 && tic_is_strong(was->etag) &&
                          strcmp(info->etag, was->etag) == 0;
    const bool needed = !same_tag;
    const char *spec = needed ? "" : was->spec, *dtype = needed ? "" : was->dtype;
    if ((status = take(&check, "Tensor-Spec", needed, spec, info->spec)) != TI_OK ||
        (status = take(&check, "Tensor-Dtype", needed, dtype, info->dtype)) != TI_OK ||
        (status = take(&check, "Content-Type", false, "", info->media_type)) != TI_OK ||
        (status = expect(&check, "Tensor-Spec", info->spec,
                         request->texts[TIC_EXPECT_SPEC])) != TI_OK ||
        (status = expect(&check, "Tensor-Spec", info->spec,
                         tic_request_get(request, "spec"))) != TI_OK ||
        (status = check_shapes(&check, needed)) != TI_OK ||
        (status = check_dtype(&check)) != TI_OK ||
        (status = check_media_type(&check)) != TI_OK) {
        return status;
    }
    status =
        answer->status == 206 ? check_part(&check, piece) : check_whole(&check, piece);
    return status == TI_OK && was ? check_same(&check) : status;
}
