/* SPDX-License-Identifier: MIT */
/*
 * Starts the workers, hands each connection to one of them, drains and stops them: see
 * worker_set.h.
 */
#include "server/mhd/worker_set.h"

#include <errno.h>
#include <stdlib.h>

#include "server/http/client_name.h"
#include "server/http/limit_problem.h"
#include "server/http/network.h"
#include "server/log.h"
#include "server/mhd/worker.h"
#include "server/work/clients.h"
#include "server/work/clock.h"

struct tid_worker_set {
    struct tid_worker_shared shared;
    struct tid_reaper reaper;
    bool reaps;                   /* it has been started */
    struct tid_watches **watches; /* of each worker, for the reaper */
    unsigned count;
    unsigned first; /* where the next search for the least busy worker begins */
    struct tid_worker *workers[];
};

static void panic(void *unused, const char *file, unsigned line, const char *reason) {
    (void)unused;
    tid_log(TID_LOG_ERROR, "fatal error in libmicrohttpd, %s:%u: %s", file, line, reason);
    tid_log_stop();
    abort();
}

static void set_free(struct tid_worker_set *set) {
    for (unsigned i = 0; i < set->count; i++) tid_worker_stop(set->workers[i]);
    free(set->watches);
    free(set);
}

struct tid_worker_set *
tid_worker_set_start(const struct tid_worker_set_options *options) {
    const unsigned count = options->count;
    struct tid_worker_set *set = calloc(1, sizeof *set + count * sizeof *set->workers);
    int error = ENOMEM;
    if (!set) return NULL;
    set->shared.context = options->context;
    set->shared.block_budget.memory = options->context->memory;
    set->shared.tls = options->tls;
    set->shared.connection_capacity = options->max_connections;
    set->shared.reserved_connections = options->reserved_connections;
    tid_worker_set_change(set, options);
    set->count = count;
    set->watches = calloc(count, sizeof *set->watches);
    if (!set->watches) goto fail;
    MHD_set_panic_func(panic, NULL);
    for (unsigned i = 0; i < count; i++) {
        set->workers[i] = tid_worker_start(&set->shared, &options->counters[i]);
        if (!set->workers[i]) {
            error = errno;
            goto fail;
        }
        set->watches[i] = &set->workers[i]->watches;
    }
    error = tid_reaper_start(&set->reaper, set->watches, count, options->deadlines);
    if (error == 0) {
        set->reaps = true;
        return set;
    }

fail:
    set_free(set);
    errno = error;
    return NULL;
}

void tid_worker_set_change(struct tid_worker_set *set,
                           const struct tid_worker_set_options *options) {
    struct tid_worker_shared *shared = &set->shared;
    unsigned max_connections = options->max_connections;
    if (max_connections > shared->connection_capacity)
        max_connections = shared->connection_capacity;
    atomic_store_explicit(&shared->max_connections, max_connections,
                          memory_order_relaxed);
    atomic_store_explicit(&shared->access_log, options->access_log, memory_order_relaxed);
    atomic_store_explicit(&shared->access_sample, options->access_sample,
                          memory_order_relaxed);
    if (set->reaps) tid_reaper_change(&set->reaper, options->deadlines);
}

/*
 * Counts a connection of an address, if that is limited. '*client' is NULL if it does not
 * count: a trusted proxy has the connections of many clients.
 */
static enum tid_take count_connection(const struct tid_context *context,
                                      const struct sockaddr *address,
                                      struct tid_client **client) {
    const enum tid_limit limit = TID_LIMIT_client_connections;
    const uint64_t max = tid_limit_max(context->limits, limit);
    char name[TID_CLIENT_NAME_BYTES];
    *client = NULL;
    if (max == 0 || context->scope == TID_SCOPE_ADMIN ||
        (address->sa_family != AF_INET && address->sa_family != AF_INET6) ||
        tid_networks_have(context->trusted_proxies, address))
        return TID_TAKEN;
    tid_client_name_of_address(address, name);
    struct tid_client *found = tid_clients_get(context->clients, name);
    if (!found) return TID_TAKE_FULL;
    if (tid_client_begin(found, TID_CLIENT_CONNECTIONS, max, 0) == TID_ADMITTED) {
        *client = found;
        return TID_TAKEN;
    }
    tid_client_release(found);
    tid_limit_reached(context, limit, name);
    return TID_TAKE_CLIENT_FULL;
}

enum tid_take tid_worker_set_take(void *worker_set, int fd,
                                  const struct sockaddr *address, socklen_t address_bytes,
                                  bool reserved) {
    struct tid_worker_set *set = worker_set;
    struct tid_worker *idlest = NULL;
    unsigned open_min = 0, open_total = 0;
    /* Start at another worker each time, so that ties do not always go to the first. */
    set->first = (set->first + 1) % set->count;
    for (unsigned i = 0; i < set->count; i++) {
        struct tid_worker *worker = set->workers[(set->first + i) % set->count];
        const unsigned open = atomic_load_explicit(&worker->open, memory_order_relaxed);
        open_total += open;
        if (!idlest || open < open_min) {
            idlest = worker;
            open_min = open;
        }
    }
    const unsigned limit =
        atomic_load_explicit(&set->shared.max_connections, memory_order_relaxed) +
        (reserved ? set->shared.reserved_connections : 0);
    if (open_total >= limit) return TID_TAKE_FULL;
    struct tid_client *client = NULL;
    if (!reserved) {
        const enum tid_take counted =
            count_connection(set->shared.context, address, &client);
        if (counted != TID_TAKEN) return counted;
    }
    return tid_worker_take(idlest, fd, address, address_bytes, reserved, client)
               ? TID_TAKEN
               : TID_TAKE_FAILED;
}

bool tid_worker_set_runs(struct tid_worker_set *worker_set) {
    bool all = true;
    for (unsigned i = 0; i < worker_set->count; i++)
        all &= tid_worker_runs(worker_set->workers[i]);
    return all;
}

void tid_worker_set_begin_drain(struct tid_worker_set *worker_set) {
    atomic_store(&worker_set->shared.draining, true);
}

unsigned tid_worker_set_drain(struct tid_worker_set *worker_set) {
    unsigned open = 0;
    for (unsigned i = 0; i < worker_set->count; i++) {
        struct tid_worker *worker = worker_set->workers[i];
        open += atomic_load(&worker->inbox_count);
        open += tid_watches_shut_down_idle(&worker->watches, tid_clock_ms());
    }
    return open;
}

void tid_worker_set_stop(struct tid_worker_set *worker_set) {
    tid_reaper_stop(&worker_set->reaper);
    set_free(worker_set);
}
