/* SPDX-License-Identifier: MIT */
/* The text of /metrics: what the workers count, and what other parts of the server know. */
#ifndef TID_METRICS_TEXT_H
#define TID_METRICS_TEXT_H

#include "server/documents/metrics.h"
#include "server/documents/process.h"
#include "server/work/clients.h"
#include "server/work/factor_cache.h"
#include "server/work/limits.h"
#include "server/work/pool.h"

/* What other parts of the server count. */
struct tid_metrics_others {
    struct tid_pool_load pool;
    struct tid_factor_counts factors;
    uint64_t memory_limit_bytes, response_bytes; /* of work/memory.h */
    struct tid_client_counts clients;
    const struct tid_limits *limits; /* NULL: there are none */
    const struct tid_reload_counts *reloads;
    struct tid_process process;
};

/*
 * The exposition format 0.0.4, as text from malloc(); NULL if memory runs out. Values of
 * the process that are unknown are left out.
 */
char *tid_metrics_text(const struct tid_metrics *metrics,
                       const struct tid_metrics_others *others);

#endif
