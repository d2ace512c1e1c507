/* SPDX-License-Identifier: MIT */
/*
 * Retries: only after temporary failures, for a limited time, and spread over time, so
 * that clients do not all retry at once.
 */
#include "client/resume.h"

#include <time.h>

/* A try that delivered this much ends a series of failures: a long transfer may break
   often. */
#define PROGRESS_BYTES ((uint64_t)1 << 20)

#define FIRST_PAUSE_MS 250
#define DOUBLINGS 12

bool tic_resume_is_temporary(const struct tic_failure *failure) {
    switch (failure->result->outcome) {
    case TIC_OUTCOME_DONE:
        break;
    case TIC_OUTCOME_BROKEN:
    case TIC_OUTCOME_UNREACHED:
        return true;
    default:
        return false;
    }
    switch (failure->http_status) {
    case 0:
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

/* Differs between clients and from call to call: that is all a pause needs. */
static uint64_t random_up_to(uint64_t max, const void *seed) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    /* Finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
    uint64_t x = (uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)seed << 20;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return (x ^ x >> 31) % (max + 1);
}

/*
 * Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS
 * 2015): anything up to a limit that doubles with each round of the servers.
 */
static uint64_t backoff_ms(const struct tic_resume *resume, uint64_t max_ms,
                           unsigned servers) {
    const unsigned round = (resume->failures - 1) / servers;
    uint64_t limit = (uint64_t)FIRST_PAUSE_MS << (round < DOUBLINGS ? round : DOUBLINGS);
    if (limit > max_ms) limit = max_ms;
    return random_up_to(limit, resume);
}

bool tic_resume_wait(struct tic_resume *resume, const uint64_t *numbers,
                     const struct tic_failure *failure, uint64_t *pause_ms) {
    const uint64_t after_s = failure->result->retry_after_s;
    const unsigned servers = failure->servers > 0 ? failure->servers : 1;
    if (failure->progress_bytes >= PROGRESS_BYTES) resume->failures = 0;
    if (resume->failures++ == 0) resume->since_ms = failure->now_ms;
    const uint64_t spent_ms = failure->now_ms - resume->since_ms;
    if (spent_ms >= numbers[TIC_RETRY_FOR_MS]) return false;
    const uint64_t left_ms = numbers[TIC_RETRY_FOR_MS] - spent_ms;
    if (resume->failures % servers != 0) {
        *pause_ms = 0; /* another server */
        return true;
    }
    *pause_ms = backoff_ms(resume, numbers[TIC_RETRY_WAIT_MS], servers);
    if (after_s > 0 && servers == 1) {
        /* Compared in seconds: a product could overflow. */
        if (after_s > left_ms / 1000) return false;
        if (*pause_ms < after_s * 1000) *pause_ms = after_s * 1000;
    }
    /* The last try is at the end of the time. */
    if (*pause_ms > left_ms) *pause_ms = left_ms;
    return true;
}
