/* SPDX-License-Identifier: MIT */
/*
 * A planned tensor in a file format: header, elements and trailer as one run of bytes, of
 * which any part can be had alone.
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
 *   safetensors  what safetensors.torch.save_file writes of this one tensor
 *   json         text; the only one whose length is not known beforehand
 */
// clang-format off
#define TI_FORMATS(TI_FORMAT)                                                              \
    TI_FORMAT(RAW, "raw", "bin", "application/octet-stream")                               \
    TI_FORMAT(NPY, "npy", "npy", "application/x-npy")                                      \
    TI_FORMAT(SAFETENSORS, "safetensors", "safetensors", "application/x-safetensors")      \
    TI_FORMAT(JSON, "json", "json", "application/json")
// clang-format on

enum ti_format {
#define TI_FORMAT(id, name, extension, media_type) TI_FORMAT_##id,
    TI_FORMATS(TI_FORMAT)
#undef TI_FORMAT
        TI_FORMAT_COUNT
};

/* Static strings of the list above. */
TI_API const char *ti_format_name(enum ti_format format);
TI_API const char *ti_format_extension(enum ti_format format);
TI_API const char *ti_format_media_type(enum ti_format format);

/* Whether the elements are written as text, so that the length is not known beforehand. */
TI_API bool ti_format_is_text(enum ti_format format);

/* Opaque, immutable: threads may share it. */
struct ti_body;

/*
 * The body of 'plan' in the format that its spec asked for (raw if it asked for none). The
 * body keeps a pointer to the plan, which must outlive it.
 *
 * Returns TI_OK and a body in '*body', which the caller ends with ti_body_free(); TI_ETOOLARGE
 * if header, elements and trailer are more than 2^63-1 bytes; TI_ENOMEM. On failure '*body' is
 * untouched. Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status
ti_body_make(const struct ti_plan *plan, struct ti_body **body, struct ti_error *error);
TI_API void ti_body_free(struct ti_body *body);

TI_API enum ti_format ti_body_format(const struct ti_body *body);

/* Whether the length is known, so that bytes can be had from anywhere: not for json. */
TI_API bool ti_body_has_length(const struct ti_body *body);

/* The length in bytes, where it is known; else 0. */
TI_API uint64_t ti_body_bytes(const struct ti_body *body);

/*
 * Writes bytes [offset, offset + count_bytes) of the body to 'out'.
 *
 *   out        caller's; count_bytes bytes, any alignment
 *   workspace  as for ti_plan_fill()
 *
 * Cuts may fall inside the header or an element. Returns TI_OK, or TI_ERANGE if the range
 * leaves the body or its length is not known ('out' is untouched).
 */
TI_API TI_MUST_USE enum ti_status ti_body_read(const struct ti_body *body,
                                               uint64_t offset, size_t count_bytes,
                                               void *out, void *workspace);

/* Least room for ti_body_next(). */
#define TI_BODY_CAPACITY_MIN 16384

/* How far a reader of a body has come: all zeros at its start. Caller's, one a reader. */
struct ti_body_cursor {
    uint64_t offset;  /* bytes written so far */
    uint64_t elem;    /* json: the next element */
    unsigned section; /* json: before, in or after the elements */
};

/*
 * Writes what comes next of the body, in order from its start; works for every format.
 *
 *   cursor      in: where to go on; out: after what was written
 *   capacity_bytes  of 'out', at least TI_BODY_CAPACITY_MIN
 *   written     out: at most capacity_bytes; 0 at the end of the body and only there
 *   workspace   as for ti_plan_fill()
 *
 * Returns TI_OK, or TI_ERANGE if the room is too small or the cursor is not of this body.
 */
TI_API TI_MUST_USE enum ti_status ti_body_next(const struct ti_body *body,
                                               struct ti_body_cursor *cursor,
                                               size_t capacity_bytes, void *out,
                                               size_t *written, void *workspace);

#ifdef __cplusplus
}
#endif

#endif
