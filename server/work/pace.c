/* SPDX-License-Identifier: MIT */
/* See pace.h. */
#include "server/work/pace.h"

/* Whole elements of any dtype, where a body is not cut within one. */
#define BYTES_STEP 8

#define FIRST_TASK_NS (TID_TASK_NS / 4)

static size_t bytes_in(double task_ns, double ns_per_byte, size_t max_bytes) {
    if (task_ns >= ns_per_byte * (double)max_bytes) return max_bytes;
    size_t bytes = (size_t)(task_ns / ns_per_byte) / BYTES_STEP * BYTES_STEP;
    if (bytes < BYTES_STEP) bytes = BYTES_STEP;
    return bytes < max_bytes ? bytes : max_bytes;
}

void tid_pace_init(struct tid_pace *pace) { pace->task_ns = FIRST_TASK_NS; }

size_t tid_pace_bytes(const struct tid_pace *pace, double ns_per_byte, size_t max_bytes) {
    return bytes_in(pace->task_ns, ns_per_byte, max_bytes);
}

size_t tid_pace_bytes_max(double ns_per_byte, size_t max_bytes) {
    return bytes_in(TID_TASK_NS, ns_per_byte, max_bytes);
}

void tid_pace_update(struct tid_pace *pace, uint64_t took_ns) {
    const double took = (double)took_ns;
    if (took > 1.5 * TID_TASK_NS)
        pace->task_ns *= TID_TASK_NS / took;
    else if (took < 0.5 * TID_TASK_NS)
        pace->task_ns *= 2;
    if (pace->task_ns > TID_TASK_NS) pace->task_ns = TID_TASK_NS;
    if (pace->task_ns < 1) pace->task_ns = 1;
}
