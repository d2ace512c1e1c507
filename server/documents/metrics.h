/* SPDX-License-Identifier: MIT */
/*
 * What the daemon counts, and its text for Prometheus. Each worker has its own counters,
 * which no other thread writes; tid_metrics_text() adds them up.
 */
#ifndef TID_METRICS_H
#define TID_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/documents/process.h"
#include "server/routes.h"
#include "server/work/clients.h"
#include "server/work/factor_cache.h"
#include "server/work/limits.h"
#include "server/work/pool.h"

/* Status codes, 200 first; one that is not listed counts as code="other". */
#define TID_METRICS_CODES(TID_CODE)                                                      \
    TID_CODE(200)                                                                        \
    TID_CODE(204)                                                                        \
    TID_CODE(206)                                                                        \
    TID_CODE(304)                                                                        \
    TID_CODE(400)                                                                        \
    TID_CODE(404)                                                                        \
    TID_CODE(405)                                                                        \
    TID_CODE(406)                                                                        \
    TID_CODE(412)                                                                        \
    TID_CODE(413)                                                                        \
    TID_CODE(414)                                                                        \
    TID_CODE(416)                                                                        \
    TID_CODE(417)                                                                        \
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
 * The counters of one worker. Only the worker writes them, except 'opened': the thread
 * that assigns connections to workers does, so it has a cache line of its own. The last
 * route and the last code count what is not listed.
 */
struct tid_counters {
    _Alignas(64) _Atomic uint64_t opened;    /* connections */
    _Alignas(64) _Atomic uint64_t closed;    /* connections */
    _Atomic uint64_t in_flight;              /* requests */
    _Atomic uint64_t cut;                    /* requests */
    _Atomic uint64_t ended[TID_ENDED_COUNT]; /* connections */
    _Atomic uint64_t bytes[TID_ROUTE_COUNT + 1];
    _Atomic uint64_t requests[TID_ROUTE_COUNT + 1][TID_METRICS_CODE_COUNT + 1];
};

struct tid_metrics {
    int64_t start_ms; /* of the process, since 1970 */
    const char *isa;
    unsigned worker_count;
    /* Connections that no worker has had; the listener's thread counts them. */
    _Atomic uint64_t refused; /* beyond the limit */
    _Atomic uint64_t ended[TID_ENDED_COUNT];
    struct tid_counters *workers;
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

/*
 * Counts a request that has been answered, or whose connection has ended before.
 *
 *   route     from tid_route_find()
 *   complete  the response has been sent to its end
 */
void tid_count_request(struct tid_counters *counters, unsigned route, unsigned status,
                       bool complete);

/* What other parts of the server count. */
struct tid_metrics_others {
    struct tid_pool_load pool;
    struct tid_factor_counts factors;
    uint64_t memory_limit_bytes, response_bytes; /* of work/memory.h */
    struct tid_client_counts clients;
    const struct tid_limits *limits; /* NULL: there are none */
    struct tid_process process;
};

/*
 * The exposition format 0.0.4, as text from malloc(); NULL if memory runs out. Values of
 * the process that are unknown are left out.
 */
char *tid_metrics_text(const struct tid_metrics *metrics,
                       const struct tid_metrics_others *others);

#endif
