/* SPDX-License-Identifier: MIT */
/* Whether an answer is the one that was asked for. */
#ifndef CLIENT_VERIFY_H
#define CLIENT_VERIFY_H

#include "client/client_request.h"

/*
 * What was asked of the server in this exchange.
 *
 *   first_byte   and count_bytes: the part; TIC_TO_END as a count
 *   ranged       a Range was sent
 *   head         no body will follow
 *   earlier      what an earlier answer to the same fetch was, of which this one is to be
 *                the rest; NULL for the first
 */
struct tic_asked {
    uint64_t first_byte, count_bytes;
    bool ranged, head;
    const struct tic_info *earlier;
};

/* Of the bytes that follow, drop skip_bytes, then take take_bytes (may be TIC_UNKNOWN).
 */
struct tic_piece {
    uint64_t skip_bytes, take_bytes;
};

/*
 * Checks the header of an answer with status 200 or 206. Fills '*info' but for
 * first_byte, count_bytes and tries, and '*piece'. Returns TI_OK, TI_EMISMATCH or
 * TI_ERANGE; on failure
 * '*info' and '*piece' mean nothing.
 */
enum ti_status tic_verify(const struct tic_request *request,
                          const struct tic_answer *answer, const struct tic_asked *asked,
                          struct tic_info *info, struct tic_piece *piece,
                          struct ti_error *error);

/* "512,784" or "scalar", whole; false if it is neither, or not representable. */
bool tic_read_shape(const char *text, unsigned *rank, uint64_t shape[TI_MAX_RANK],
                    uint64_t *elems);

/* An entity tag that a range may rest on (RFC 9110 section 8.8.3 and 13.1.5): strong. */
bool tic_is_strong(const char *etag);

#endif
