/* SPDX-License-Identifier: MIT */
/*
 * Retries: only after temporary failures, a limited number of times, and spread over
 * time, so that clients do not all retry at once.
 */
#include "client/resume.h"

#include <time.h>

/* A try that delivered this much resets the count: a long transfer may break often. */
#define PROGRESS_BYTES ((uint64_t)1 << 20)

#define FIRST_PAUSE_MS 250
#define DOUBLINGS 5

static bool is_temporary(const struct tic_failure *failure) {
    switch (failure->result->outcome) {
    case TIC_OUTCOME_DONE:
        break;
    case TIC_OUTCOME_BROKEN:
        return true;
    /* At the first try probably a wrong URL, later probably a restart of the server. */
    case TIC_OUTCOME_UNREACHED:
        return failure->begun;
    default:
        return false;
    }
    switch (failure->http_status) {
    case 429:
        return failure->result->retry_after_s > 0;
    case 0:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

/* Doubles with each failure; jitter of up to as much again differs between clients. */
static uint64_t backoff_ms(unsigned failures) {
    struct timespec now;
    uint64_t pause = (uint64_t)FIRST_PAUSE_MS
                     << (failures < DOUBLINGS ? failures : DOUBLINGS);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return pause + (uint64_t)now.tv_nsec / 1000 % pause;
}

bool tic_resume_wait(struct tic_resume *resume, const uint64_t *numbers,
                     const struct tic_failure *failure, uint64_t *pause_ms) {
    const uint64_t max_ms = numbers[TIC_RETRY_WAIT_MS];
    if (!is_temporary(failure)) return false;
    if (failure->progress_bytes >= PROGRESS_BYTES) resume->failures = 0;
    if (resume->failures >= numbers[TIC_RETRIES]) return false;
    uint64_t ms = backoff_ms(resume->failures);
    if (ms > max_ms) ms = max_ms;
    if (failure->result->retry_after_s > 0) {
        /* Compared in seconds: a product could overflow. */
        if (failure->result->retry_after_s > max_ms / 1000) return false;
        ms = failure->result->retry_after_s * 1000;
    }
    resume->failures++;
    *pause_ms = ms;
    return true;
}
