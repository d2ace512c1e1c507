/* SPDX-License-Identifier: MIT */
/*
 * A planned tensor as a file: the header of its format and the elements, as one sequence
 * of bytes that can be read from any offset.
 *
 *     ti_body_make(plan, &body, &error);
 *     ti_body_read(body, 0, ti_body_bytes(body), out, workspace);
 */
#ifndef TENSORINIT_BODY_H
#define TENSORINIT_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * TI_FORMAT(enumerator, name in requests, file extension, media type)
 *
 *   raw          the elements alone, little-endian, row-major
 *   npy          what numpy.save writes
 *   safetensors  what safetensors.torch.save_file writes for this one tensor
 *   json         text; the only format whose length is not known in advance
 */
// clang-format off
#define TI_FORMATS(TI_FORMAT)                                                            \
    TI_FORMAT(RAW, "raw", "bin", "application/octet-stream")                             \
    TI_FORMAT(NPY, "npy", "npy", "application/x-npy")                                    \
    TI_FORMAT(SAFETENSORS, "safetensors", "safetensors", "application/x-safetensors")    \
    TI_FORMAT(JSON, "json", "json", "application/json")
// clang-format on

enum ti_format {
#define TI_FORMAT(id, name, extension, media_type) TI_FORMAT_##id,
    TI_FORMATS(TI_FORMAT)
#undef TI_FORMAT
        TI_FORMAT_COUNT
};

/* Static strings of the list above; "" for a number that is not a format. */
TI_API const char *ti_format_name(enum ti_format format);
TI_API const char *ti_format_extension(enum ti_format format);
TI_API const char *ti_format_media_type(enum ti_format format);

/* Whether elements are written as text, so that the length is not known in advance. */
TI_API bool ti_format_is_text(enum ti_format format);

/* Opaque, immutable: threads may share it. */
struct ti_body;

/*
 * Makes the body of 'plan' in the format of its spec (raw by default). The body keeps a
 * pointer to the plan, which must outlive it.
 *
 * Returns TI_OK and a body in '*body', which the caller frees with ti_body_free();
 * TI_ETOOLARGE if header and elements are more than 2^63-1 bytes; TI_ENOMEM. On failure
 * '*body' is untouched. Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status
ti_body_make(const struct ti_plan *plan, struct ti_body **body, struct ti_error *error);
TI_API void ti_body_free(struct ti_body *body);

TI_API enum ti_format ti_body_format(const struct ti_body *body);

/* Whether the length is known, so that ti_body_read() works: not for text formats. */
TI_API bool ti_body_has_length(const struct ti_body *body);

/* The length in bytes if it is known, else 0. */
TI_API uint64_t ti_body_bytes(const struct ti_body *body);

/* Bytes before the first element. Reading them needs neither factorization nor workspace. */
TI_API uint64_t ti_body_header_bytes(const struct ti_body *body);

/*
 * Writes bytes [offset, offset + count_bytes) of the body to 'out'. The range may begin
 * and end inside the header or an element.
 *
 *   out        caller's; count_bytes bytes, any alignment
 *   workspace  as for ti_plan_fill()
 *
 * Returns as ti_plan_fill(); TI_ERANGE if the range leaves the body or the length is not
 * known ('out' is untouched).
 */
TI_API TI_MUST_USE enum ti_status ti_body_read(const struct ti_body *body,
                                               uint64_t offset, size_t count_bytes,
                                               void *out, void *workspace);

/*
 * ti_plan_prepare() in bytes, for readers that go through the body in small steps:
 *
 *   end_offset   where the reader is to end
 *   count_bytes  out: how many bytes from 'offset' on ti_body_read() can take by now
 *
 * Returns as ti_plan_prepare(); TI_ERANGE also if the length is not known.
 */
TI_API TI_MUST_USE enum ti_status ti_body_prepare(const struct ti_body *body,
                                                  uint64_t offset, uint64_t end_offset,
                                                  double max_ns, void *workspace,
                                                  uint64_t *count_bytes);

/* Minimum size of the buffer for ti_body_next(). */
#define TI_BODY_CAPACITY_MIN 16384

/*
 * The position of a reader of a body. Caller's, one for each reader; zeros are the start
 * of the body.
 */
struct ti_body_cursor {
    /* bytes written so far */
    uint64_t offset;
    /* text formats: the next element */
    uint64_t elem;
    /* text formats: before, in or after the elements */
    unsigned section;
    /* text formats: how many elements one call computes at most, set by the caller; 0 for
       as many as the capacity holds */
    uint64_t max_elems;
};

/*
 * Writes the next bytes of the body, in order from its start. Works for every format.
 *
 *   cursor          in: the position; out: behind the bytes written
 *   capacity_bytes  size of 'out', at least TI_BODY_CAPACITY_MIN
 *   bytes_written   out: at most capacity_bytes; 0 at the end of the body and only there
 *   workspace       as for ti_plan_fill()
 *
 * Returns as ti_plan_fill(); TI_ERANGE if the capacity is too small or the cursor is not
 * one of this body.
 */
TI_API TI_MUST_USE enum ti_status ti_body_next(const struct ti_body *body,
                                               struct ti_body_cursor *cursor,
                                               size_t capacity_bytes, void *out,
                                               size_t *bytes_written, void *workspace);

#ifdef __cplusplus
}
#endif

#endif
