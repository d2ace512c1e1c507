/* SPDX-License-Identifier: MIT */
/* See metrics.h. */
#include "server/documents/metrics.h"

#include <stdlib.h>
#include <string.h>

#include <tensorinit/schemes.h>

#include "server/work/clock.h"

static const unsigned codes[TID_METRICS_CODE_COUNT] = {
#define TID_CODE(code) code,
    TID_METRICS_CODES(TID_CODE)
#undef TID_CODE
};

static const int64_t bucket_ns[TID_METRICS_BUCKET_COUNT] = {
#define TID_BUCKET(ns, text) INT64_C(ns),
    TID_METRICS_BUCKETS(TID_BUCKET)
#undef TID_BUCKET
};

#define CACHE_LINE 64

/* The workers' counters of generation must not share cache lines either. */
static size_t generated_per_worker(void) {
    const size_t unit = CACHE_LINE / sizeof(struct tid_generated);
    return (ti_scheme_count() + unit - 1) / unit * unit;
}

/* Zeros, aligned to cache lines; NULL if memory runs out. */
static void *make_zeros(size_t bytes) {
    void *zeros = aligned_alloc(CACHE_LINE, bytes);
    if (zeros) memset(zeros, 0, bytes);
    return zeros;
}

bool tid_metrics_init(struct tid_metrics *metrics, unsigned worker_count,
                      const char *isa) {
    const size_t per_worker = generated_per_worker();
    memset(metrics, 0, sizeof *metrics);
    metrics->workers = make_zeros(worker_count * sizeof *metrics->workers);
    metrics->generated =
        make_zeros(worker_count * per_worker * sizeof *metrics->generated);
    if (!metrics->workers || !metrics->generated) {
        tid_metrics_clear(metrics);
        return false;
    }
    for (unsigned i = 0; i < worker_count; i++)
        metrics->workers[i].generated = metrics->generated + i * per_worker;
    metrics->worker_count = worker_count;
    metrics->isa = isa;
    /* Not from /proc: it counts from the boot time, which a sandbox may hide. */
    metrics->start_ms = tid_clock_since_1970_ms();
    return true;
}

void tid_metrics_clear(struct tid_metrics *metrics) {
    free(metrics->workers);
    free(metrics->generated);
    metrics->workers = NULL;
    metrics->generated = NULL;
    metrics->worker_count = 0;
}

static void observe(struct tid_histogram *histogram, int64_t ns) {
    unsigned bucket = 0;
    if (ns < 0) return;
    while (bucket < TID_METRICS_BUCKET_COUNT && ns > bucket_ns[bucket]) bucket++;
    tid_count(&histogram->buckets[bucket], 1);
    tid_count(&histogram->sum_ns, (uint64_t)ns);
}

void tid_count_request(struct tid_counters *counters,
                       const struct tid_counted_request *request) {
    unsigned code = 0;
    while (code < TID_METRICS_CODE_COUNT && codes[code] != request->status) code++;
    tid_count(&counters->requests[request->route][request->format][code], 1);
    if (!request->complete) tid_count(&counters->cut, 1);
    observe(&counters->durations[request->route], request->duration_ns);
    observe(&counters->first_bytes[request->route], request->first_byte_ns);
}
