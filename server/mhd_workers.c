/* SPDX-License-Identifier: MIT */
/*
 * Starts libmicrohttpd's event loops, hands them connections and drains them.
 */
#include "mhd_workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mhd_internal.h"

/*
 * Memory of a connection for its request header and the header of the answer. A longer
 * target is answered with 414, more fields with 431. libmicrohttpd clears it after every
 * request, so more than needed costs time.
 */
#define CONNECTION_BYTES 16384

struct tid_workers {
    struct tid_shared shared;
    unsigned count;
    unsigned max_connections;
    unsigned next;
    struct tid_watches **watches;
    struct tid_reaper reaper;
    struct tid_worker worker[];
};

static void panic(void *unused, const char *file, unsigned line, const char *reason)
{
    (void)unused;
    tid_log("fatal error in libmicrohttpd, %s:%u: %s", file, line, reason);
    abort();
}

/* Targets are parsed from the copy in tid_connection: nothing is to be decoded. */
static size_t no_unescape(void *unused, struct MHD_Connection *mhd, char *text)
{
    (void)unused;
    (void)mhd;
    return strlen(text);
}

static void connection_changed(void *argument, struct MHD_Connection *mhd, void **context,
                               enum MHD_ConnectionNotificationCode how)
{
    struct tid_worker *worker = argument;
    struct tid_connection *connection = *context;

    if (how == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        connection = calloc(1, sizeof *connection);
        /* Without memory its first request closes it. */
        if (connection != NULL) {
            connection->worker = worker;
            tid_watch_add(&worker->watches, &connection->watch, info->connect_fd);
            *context = connection;
        }
        atomic_fetch_add_explicit(&worker->started, 1, memory_order_relaxed);
        return;
    }
    if (connection != NULL) {
        tid_watch_remove(&worker->watches, &connection->watch);
        free(connection);
        *context = NULL;
    }
    atomic_fetch_add_explicit(&worker->ended, 1, memory_order_relaxed);
}

static bool worker_start(struct tid_worker *worker, struct tid_shared *shared,
                         unsigned max_connections)
{
    worker->shared = shared;
    worker->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
        tid_mhd_handle, worker, MHD_OPTION_URI_LOG_CALLBACK, tid_mhd_target, worker,
        MHD_OPTION_NOTIFY_COMPLETED, tid_mhd_completed, worker, MHD_OPTION_NOTIFY_CONNECTION,
        connection_changed, worker, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
        /* The limit is kept by tid_workers_take(), which can answer 503. */
        MHD_OPTION_CONNECTION_LIMIT, max_connections + 1, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
#if MHD_VERSION >= 0x00097701
        MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#else
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
#endif
        MHD_OPTION_END);
    return worker->daemon != NULL;
}

static void workers_free(struct tid_workers *workers)
{
    for (unsigned i = 0; i < workers->count; i++) {
        if (workers->worker[i].daemon != NULL)
            MHD_stop_daemon(workers->worker[i].daemon);
        tid_watches_clear(&workers->worker[i].watches);
    }
    free(workers->watches);
    free(workers);
}

struct tid_workers *tid_workers_start(const struct tid_workers_options *options)
{
    struct tid_workers *workers =
        calloc(1, sizeof *workers + options->count * sizeof workers->worker[0]);
    if (workers == NULL)
        return NULL;
    workers->shared.context = options->context;
    workers->shared.access_log = options->access_log;
    workers->count = options->count;
    workers->max_connections = options->max_connections;
    workers->watches = calloc(options->count, sizeof *workers->watches);
    for (unsigned i = 0; i < workers->count; i++)
        tid_watches_init(&workers->worker[i].watches);

    int error = ENOMEM;
    if (workers->watches == NULL)
        goto fail;
    MHD_set_panic_func(panic, NULL);
    for (unsigned i = 0; i < workers->count; i++) {
        workers->watches[i] = &workers->worker[i].watches;
        errno = ENOMEM;
        if (!worker_start(&workers->worker[i], &workers->shared, options->max_connections)) {
            error = errno;
            goto fail;
        }
    }
    error = tid_reaper_start(&workers->reaper, workers->watches, workers->count,
                             options->deadlines);
    if (error != 0)
        goto fail;
    return workers;

fail:
    workers_free(workers);
    errno = error;
    return NULL;
}

static unsigned open_connections(struct tid_worker *worker)
{
    return worker->taken - atomic_load_explicit(&worker->ended, memory_order_relaxed);
}

enum tid_take tid_workers_take(struct tid_workers *workers, int fd,
                               const struct sockaddr *address, socklen_t address_bytes)
{
    struct tid_worker *least = NULL;
    unsigned total = 0;

    /* Of equals, not always the first. */
    workers->next = (workers->next + 1) % workers->count;
    for (unsigned i = 0; i < workers->count; i++) {
        struct tid_worker *worker = &workers->worker[(workers->next + i) % workers->count];
        total += open_connections(worker);
        if (least == NULL || open_connections(worker) < open_connections(least))
            least = worker;
    }
    if (total >= workers->max_connections)
        return TID_TAKE_FULL;
    if (MHD_add_connection(least->daemon, fd, address, address_bytes) != MHD_YES)
        return TID_TAKE_FAILED;
    least->taken++;
    return TID_TAKEN;
}

void tid_workers_begin_drain(struct tid_workers *workers)
{
    atomic_store(&workers->shared.draining, true);
}

unsigned tid_workers_drain(struct tid_workers *workers)
{
    unsigned busy = 0;

    for (unsigned i = 0; i < workers->count; i++) {
        struct tid_worker *worker = &workers->worker[i];
        /* Handed over, but the worker has not looked yet. */
        busy += worker->taken - atomic_load(&worker->started);
        busy += tid_watches_end_waiting(&worker->watches);
    }
    return busy;
}

void tid_workers_stop(struct tid_workers *workers)
{
    tid_reaper_stop(&workers->reaper);
    workers_free(workers);
}
