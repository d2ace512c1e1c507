/* SPDX-License-Identifier: MIT */
/*
 * Retries: only of what may pass, a bounded number of times, and not all clients at once.
 */
#include "client/resume.h"

#include <time.h>

/* A try that brought as much was no failure: a long transfer may break often. */
#define PROGRESS_BYTES ((uint64_t)1 << 20)

#define FIRST_PAUSE_MS 250
#define DOUBLINGS 5

static bool may_pass(const struct tic_failure *failure) {
    switch (failure->result->outcome) {
    case TIC_OUTCOME_DONE:
        break;
    case TIC_OUTCOME_BROKEN:
        return true;
    /* Nobody there at first is a mistake; nobody there any more is a restart. */
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

/* Doubles with each failure, plus up to as much again that differs between clients. */
static uint64_t backoff_ms(unsigned failures) {
    struct timespec now;
    uint64_t pause = (uint64_t)FIRST_PAUSE_MS
                     << (failures < DOUBLINGS ? failures : DOUBLINGS);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return pause + (uint64_t)now.tv_nsec / 1000 % pause;
}

bool tic_resume_wait(struct tic_resume *resume, const uint64_t *numbers,
                     const struct tic_failure *failure, uint64_t *pause_ms) {
    const uint64_t longest_ms = numbers[TIC_RETRY_WAIT_MS];
    if (!may_pass(failure)) return false;
    if (failure->progress_bytes >= PROGRESS_BYTES) resume->failures = 0;
    if (resume->failures >= numbers[TIC_RETRIES]) return false;
    uint64_t ms = backoff_ms(resume->failures);
    if (ms > longest_ms) ms = longest_ms;
    if (failure->result->retry_after_s > 0) {
        /* Compared in seconds, so that no product overflows. */
        if (failure->result->retry_after_s > longest_ms / 1000) return false;
        ms = failure->result->retry_after_s * 1000;
    }
    resume->failures++;
    *pause_ms = ms;
    return true;
}
