/* SPDX-License-Identifier: MIT */
/*
 * The set of workers: starts them, hands each connection to one, drains and stops them.
 */
#include "server/mhd/mhd_workers.h"

#include <errno.h>
#include <stdlib.h>

#include "server/work/clock.h"
#include "server/log.h"
#include "server/mhd/mhd_internal.h"

struct tid_workers {
    struct tid_shared shared;
    struct tid_metrics *metrics;
    struct tid_reaper reaper;
    struct tid_watches **watches;
    unsigned count;
    unsigned next;
    struct tid_worker *worker[];
};

static void panic(void *unused, const char *file, unsigned line, const char *reason) {
    (void)unused;
    tid_log("fatal error in libmicrohttpd, %s:%u: %s", file, line, reason);
    abort();
}

static void workers_free(struct tid_workers *workers) {
    for (unsigned i = 0; i < workers->count; i++) tid_worker_stop(workers->worker[i]);
    free(workers->watches);
    free(workers);
}

struct tid_workers *tid_workers_start(const struct tid_workers_options *options) {
    struct tid_workers *workers = calloc(
        1, sizeof *workers + options->metrics->worker_count * sizeof workers->worker[0]);
    if (workers == NULL) return NULL;
    workers->shared.context = options->context;
    workers->shared.access_log = options->access_log;
    workers->shared.max_connections = options->max_connections;
    workers->metrics = options->metrics;
    workers->count = options->metrics->worker_count;
    workers->watches = calloc(workers->count, sizeof *workers->watches);

    int error = ENOMEM;
    if (workers->watches == NULL) goto fail;
    MHD_set_panic_func(panic, NULL);
    for (unsigned i = 0; i < workers->count; i++) {
        workers->worker[i] =
            tid_worker_start(&workers->shared, &options->metrics->workers[i]);
        if (workers->worker[i] == NULL) {
            error = errno;
            goto fail;
        }
        workers->watches[i] = &workers->worker[i]->watches;
    }
    error = tid_reaper_start(&workers->reaper, workers->watches, workers->count,
                             options->deadlines);
    if (error == 0) return workers;

fail:
    workers_free(workers);
    errno = error;
    return NULL;
}

enum tid_take tid_workers_take(struct tid_workers *workers, int fd,
                               const struct sockaddr *address, socklen_t address_bytes) {
    struct tid_worker *least = NULL;
    unsigned least_open = 0, total = 0;

    /* Of equals, not always the first. */
    workers->next = (workers->next + 1) % workers->count;
    for (unsigned i = 0; i < workers->count; i++) {
        struct tid_worker *worker = workers->worker[(workers->next + i) % workers->count];
        unsigned open = atomic_load_explicit(&worker->open, memory_order_relaxed);
        total += open;
        if (least == NULL || open < least_open) {
            least = worker;
            least_open = open;
        }
    }
    if (total >= workers->shared.max_connections) {
        tid_count(&workers->metrics->refused, 1);
        return TID_TAKE_FULL;
    }
    return tid_worker_take(least, fd, address, address_bytes) ? TID_TAKEN
                                                              : TID_TAKE_FAILED;
}

void tid_workers_begin_drain(struct tid_workers *workers) {
    atomic_store(&workers->shared.draining, true);
}

unsigned tid_workers_drain(struct tid_workers *workers) {
    unsigned open = 0;

    for (unsigned i = 0; i < workers->count; i++) {
        struct tid_worker *worker = workers->worker[i];
        open += atomic_load(&worker->inbox_count);
        open += tid_watches_end_waiting(&worker->watches, tid_clock_ms());
    }
    return open;
}

void tid_workers_stop(struct tid_workers *workers) {
    tid_reaper_stop(&workers->reaper);
    workers_free(workers);
}
