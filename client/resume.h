/* SPDX-License-Identifier: MIT */
/* Decides whether a failed exchange is retried, and when. No I/O. */
#ifndef TIC_RESUME_H
#define TIC_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "client/transport.h"

/* Starts as all zeros. */
struct tic_resume {
    unsigned tries;    /* exchanges so far, counted by the caller */
    unsigned failures; /* since the last try that made progress */
    uint64_t since_ms; /* time of the first of them */
};

struct tic_failure {
    const struct tic_result *result;
    /* Of a response that is not a tensor; 0 for a tensor that is incomplete. */
    int http_status;
    /* Bytes that this try delivered. */
    uint64_t progress_bytes;
    /* The time now, by a clock that does not go back. */
    uint64_t now_ms;
    /* Another server can be tried at once, and how many there are. */
    unsigned servers;
};

/*
 * Whether the server may respond with the tensor later. Otherwise a retry makes no sense.
 */
bool tic_resume_is_temporary(const struct tic_failure *failure);

/* After a temporary failure: whether to try again after '*pause_ms'. */
bool tic_resume_wait(struct tic_resume *resume, const uint64_t *numbers,
                     const struct tic_failure *failure, uint64_t *pause_ms);

#endif
