/* SPDX-License-Identifier: MIT */
/* Whether a failed exchange is worth another, and when. Pure decisions. */
#ifndef CLIENT_RESUME_H
#define CLIENT_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "client/transport.h"

/*
 * Zeroed at first.
 *
 *   tries     exchanges so far, counted by the caller
 *   failures  in a row: since the last try that brought much
 */
struct tic_resume {
    unsigned tries, failures;
};

/*
 *   http_status     of a refusal; 0 for a tensor that did not come to its end
 *   progress_bytes  what the try delivered
 *   begun           this answer or an earlier one of the same fetch was a tensor
 */
struct tic_failure {
    const struct tic_result *result;
    int http_status;
    uint64_t progress_bytes;
    bool begun;
};

/* True if there is to be another try after '*pause_ms'. */
bool tic_resume_wait(struct tic_resume *resume, const uint64_t *numbers,
                     const struct tic_failure *failure, uint64_t *pause_ms);

#endif
