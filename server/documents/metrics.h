/* SPDX-License-Identifier: MIT */
/*
 * What the daemon counts. Each worker has its own counters, which no other thread writes;
 * metrics_text.c adds them up.
 */
#ifndef TID_METRICS_H
#define TID_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/body.h>

#include "server/routes.h"

/* Status codes, 200 first; one that is not listed counts as code="other". */
#define TID_METRICS_CODES(TID_CODE)                                                      \
    TID_CODE(200)                                                                        \
    TID_CODE(204)                                                                        \
    TID_CODE(206)                                                                        \
    TID_CODE(304)                                                                        \
    TID_CODE(400)                                                                        \
    TID_CODE(401)                                                                        \
    TID_CODE(403)                                                                        \
    TID_CODE(404)                                                                        \
    TID_CODE(405)                                                                        \
    TID_CODE(406)                                                                        \
    TID_CODE(412)                                                                        \
    TID_CODE(413)                                                                        \
    TID_CODE(414)                                                                        \
    TID_CODE(415)                                                                        \
    TID_CODE(416)                                                                        \
    TID_CODE(417)                                                                        \
    TID_CODE(421)                                                                        \
    TID_CODE(429)                                                                        \
    TID_CODE(431)                                                                        \
    TID_CODE(500)                                                                        \
    TID_CODE(501)                                                                        \
    TID_CODE(503)                                                                        \
    TID_CODE(505)

/*
 * TID_ENDED(enumerator, label): why a connection ended, unless its client closed it after
 * a response or the server did after the last one.
 */
#define TID_METRICS_ENDED(TID_ENDED)                                                     \
    TID_ENDED(HEADER_TIMEOUT, "header_timeout")                                          \
    TID_ENDED(IDLE_TIMEOUT, "idle_timeout")                                              \
    TID_ENDED(STALLED, "stalled")       /* took nothing for the idle time */             \
    TID_ENDED(SLOW, "slow")             /* took less than the minimum rate */            \
    TID_ENDED(INCOMPLETE, "incomplete") /* the client left within a request header */    \
    TID_ENDED(UNREADABLE, "unreadable") /* libmicrohttpd itself refused the request */   \
    TID_ENDED(NO_MEMORY, "no_memory")   /* before a request could be read */             \
    TID_ENDED(NO_DESCRIPTOR, "no_descriptor") /* accepted and closed at once */

enum tid_ended {
#define TID_ENDED(id, label) TID_ENDED_##id,
    TID_METRICS_ENDED(TID_ENDED)
#undef TID_ENDED
        TID_ENDED_COUNT
};

enum {
    TID_METRICS_CODE_COUNT = 0
#define TID_CODE(code) +1
    TID_METRICS_CODES(TID_CODE)
#undef TID_CODE
};

/*
 * TID_BUCKET(nanoseconds, seconds as text): the upper bounds of the buckets of histograms.
 * From a small tensor, of which most of the time is the network's, to a minute's download.
 */
#define TID_METRICS_BUCKETS(TID_BUCKET)                                                  \
    TID_BUCKET(500000, "0.0005")                                                         \
    TID_BUCKET(1000000, "0.001")                                                         \
    TID_BUCKET(2500000, "0.0025")                                                        \
    TID_BUCKET(5000000, "0.005")                                                         \
    TID_BUCKET(10000000, "0.01")                                                         \
    TID_BUCKET(25000000, "0.025")                                                        \
    TID_BUCKET(50000000, "0.05")                                                         \
    TID_BUCKET(100000000, "0.1")                                                         \
    TID_BUCKET(250000000, "0.25")                                                        \
    TID_BUCKET(500000000, "0.5")                                                         \
    TID_BUCKET(1000000000, "1")                                                          \
    TID_BUCKET(2500000000, "2.5")                                                        \
    TID_BUCKET(5000000000, "5")                                                          \
    TID_BUCKET(10000000000, "10")                                                        \
    TID_BUCKET(30000000000, "30")                                                        \
    TID_BUCKET(60000000000, "60")                                                        \
    TID_BUCKET(300000000000, "300")

enum {
    TID_METRICS_BUCKET_COUNT = 0
#define TID_BUCKET(ns, text) +1
    TID_METRICS_BUCKETS(TID_BUCKET)
#undef TID_BUCKET
};

/* Of times: how many in each bucket, the last one without an upper bound, and their sum. */
struct tid_histogram {
    _Atomic uint64_t buckets[TID_METRICS_BUCKET_COUNT + 1];
    _Atomic uint64_t sum_ns;
};

/* What has been generated of one scheme. */
struct tid_generated {
    _Atomic uint64_t bytes;
    _Atomic uint64_t ns;
};

/*
 * The counters of one worker. Only the worker writes them, except 'opened': the thread
 * that assigns connections to workers does, so it has a cache line of its own. The last
 * route, the last format and the last code count what is not listed.
 */
struct tid_counters {
    _Alignas(64) _Atomic uint64_t opened;    /* connections */
    _Alignas(64) _Atomic uint64_t closed;    /* connections */
    _Atomic uint64_t in_flight;              /* requests */
    _Atomic uint64_t cut;                    /* requests */
    _Atomic uint64_t cache_hits;             /* requests */
    _Atomic uint64_t ended[TID_ENDED_COUNT]; /* connections */
    _Atomic uint64_t bytes[TID_ROUTE_COUNT + 1];
    _Atomic uint64_t
        requests[TID_ROUTE_COUNT + 1][TI_FORMAT_COUNT + 1][TID_METRICS_CODE_COUNT + 1];
    struct tid_histogram durations[TID_ROUTE_COUNT + 1];
    struct tid_histogram first_bytes[TID_ROUTE_COUNT + 1];
    struct tid_generated *generated; /* of each scheme: ti_scheme_get() */
};

/* Of SIGHUP, which the main thread handles. */
struct tid_reload_counts {
    _Atomic uint64_t succeeded, failed;
    _Atomic int64_t success_ms;         /* when it last succeeded, since 1970 */
    _Atomic int64_t certificate_expiry; /* seconds since 1970; -1: there is none */
};

struct tid_metrics {
    int64_t start_ms; /* of the process, since 1970 */
    const char *isa;
    unsigned worker_count;
    /* Connections that no worker has had; the listener's thread counts them. */
    _Atomic uint64_t refused; /* beyond the limit */
    _Atomic uint64_t ended[TID_ENDED_COUNT];
    struct tid_counters *workers;
    struct tid_generated *generated; /* of all workers */
};

/*
 * Initializes '*metrics' with all counters at 0; 'isa' is a static string. False if
 * memory runs out. tid_metrics_clear() ends it, after the workers.
 */
bool tid_metrics_init(struct tid_metrics *metrics, unsigned worker_count,
                      const char *isa);
void tid_metrics_clear(struct tid_metrics *metrics);

/* Adds to a counter that only the caller writes, so no locked instruction is needed. */
static inline void tid_count(_Atomic uint64_t *counter, uint64_t more) {
    atomic_store_explicit(counter,
                          atomic_load_explicit(counter, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

/* A request that has been answered, or whose connection has ended before. */
struct tid_counted_request {
    unsigned route;  /* from tid_route_find() */
    unsigned format; /* an enum ti_format; TI_FORMAT_COUNT: none */
    unsigned status;
    bool complete; /* the response has been sent to its end */
    /* From its header to the end, and to the first byte; -1: unknown, or there was none. */
    int64_t duration_ns, first_byte_ns;
};

void tid_count_request(struct tid_counters *counters,
                       const struct tid_counted_request *request);

/* Counts bytes of a tensor that were generated, and the time for it. */
static inline void tid_count_generated(struct tid_generated *generated, uint64_t bytes,
                                       uint64_t ns) {
    tid_count(&generated->bytes, bytes);
    tid_count(&generated->ns, ns);
}

#endif
