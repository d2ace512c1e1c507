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
};

struct tic_failure {
    const struct tic_result *result;
    /* Of a response that is not a tensor; 0 for a tensor that is incomplete. */
    int http_status;
    /* Bytes that this try delivered. */
    uint64_t progress_bytes;
    /* Whether this response or an earlier one of the same fetch was a tensor. */
    bool begun;
};

/* Whether to try again after '*pause_ms'. */
bool tic_resume_wait(struct tic_resume *resume, const uint64_t *numbers,
                     const struct tic_failure *failure, uint64_t *pause_ms);

#endif
