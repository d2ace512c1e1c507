/* SPDX-License-Identifier: MIT */
/* Checks whether a response is the requested tensor. */
#ifndef TIC_VERIFY_H
#define TIC_VERIFY_H

#include "client/client_request.h"

/* What one exchange requested, beside the parameters. */
struct tic_expected {
    /* The part of the body; the count may be TIC_TO_END. */
    uint64_t first_byte, count_bytes;
    /* The request had a Range field. */
    bool ranged;
    /* The request was a HEAD: no body follows. */
    bool head;
    /* After a broken connection: the first response of the fetch, whose body this one has
     * to continue. Else NULL. */
    const struct tic_info *earlier;
};

/* Where the requested part lies in the body that follows. */
struct tic_extent {
    uint64_t skip_bytes;  /* to discard first */
    uint64_t count_bytes; /* to deliver then; may be TIC_UNKNOWN */
};

/*
 * Checks the header of a response that is a success. Fills '*info', except for
 * first_byte, count_bytes and tries, and '*extent'. Returns TI_OK, TI_EMISMATCH or
 * TI_ERANGE; after a failure '*info' and '*extent' are invalid.
 */
enum ti_status tic_verify(const struct tic_request *request,
                          const struct tic_response *response,
                          const struct tic_expected *expected, struct tic_info *info,
                          struct tic_extent *extent, struct ti_error *error);

/*
 * Reads "512,784" or "scalar". False if the text is anything else, has too many dims or
 * the product overflows.
 */
bool tic_read_shape(const char *text, unsigned *rank, uint64_t shape[TI_MAX_RANK],
                    uint64_t *elems);

/* Whether an entity tag is strong, as If-Range needs it (RFC 9110 section 13.1.5). */
bool tic_is_strong(const char *etag);

#endif
