/* SPDX-License-Identifier: MIT */
/*
 * One worker: a thread that runs an event loop of libmicrohttpd for its connections.
 *
 * The thread is ours, and waits for events itself. libmicrohttpd's own would wait again,
 * without limit, when exactly 128 connections have become ready at once (0.9.75 and
 * later): it takes events in batches of that size and asks for more while a batch is
 * full. Called with no time to wait, it does not.
 */
#define _GNU_SOURCE /* SCHED_BATCH, pthread_setname_np */
#include "mhd_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"

/*
 * Memory of a connection for its request header and the header of the answer. A longer
 * target is answered with 414, more fields with 431. libmicrohttpd clears it after every
 * request, so more than needed costs time.
 */
#define CONNECTION_BYTES 16384

/* Targets are parsed from the copy in tid_connection: nothing is to be decoded. */
static size_t no_unescape(void *unused, struct MHD_Connection *mhd, char *text) {
    (void)unused;
    (void)mhd;
    return strlen(text);
}

static void connection_end(struct tid_connection *connection) {
    atomic_fetch_sub_explicit(&connection->worker->open, 1, memory_order_relaxed);
    tid_count(&connection->worker->counters->closed, 1);
    free(connection);
}

static void connection_changed(void *argument, struct MHD_Connection *mhd, void **context,
                               enum MHD_ConnectionNotificationCode how) {
    struct tid_worker *worker = argument;
    struct tid_connection *connection = *context;

    (void)mhd;
    if (how == MHD_CONNECTION_NOTIFY_STARTED) {
        connection = worker->starting;
        worker->starting = NULL;
        tid_watch_add(&worker->watches, &connection->watch, connection->fd);
        *context = connection;
    } else {
        tid_watch_remove(&worker->watches, &connection->watch);
        connection_end(connection);
    }
}

/* Gives libmicrohttpd what has been handed over. */
static void inbox_empty(struct tid_worker *worker) {
    eventfd_t count;

    eventfd_read(worker->wake_fd, &count);
    pthread_mutex_lock(&worker->inbox_lock);
    struct tid_connection *list = worker->inbox;
    worker->inbox = NULL;
    pthread_mutex_unlock(&worker->inbox_lock);

    while (list != NULL) {
        struct tid_connection *connection = list;
        list = connection->next;
        worker->starting = connection;
        MHD_add_connection(worker->daemon, connection->fd,
                           (struct sockaddr *)&connection->address,
                           connection->address_bytes);
        /* Without memory it is dropped, and closed, without being announced. */
        if (worker->starting != NULL) connection_end(connection);
        /* Only now: until it is watched, it counts as waiting here. */
        atomic_fetch_sub_explicit(&worker->inbox_count, 1, memory_order_relaxed);
    }
}

/*
 * The policy for threads that compute: waking up they wait for their turn instead of
 * interrupting whoever runs. A worker then finds several requests at once; with a client
 * on the same machine that is a quarter more answers. A policy that somebody chose for us
 * stays.
 */
static void prefer_batches(void) {
#ifdef SCHED_BATCH
    struct sched_param none = {0};
    int policy;

    if (pthread_getschedparam(pthread_self(), &policy, &none) == 0 &&
        policy == SCHED_OTHER)
        pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
#endif
}

/* Whether libmicrohttpd has something to do without waiting for an event. */
static bool is_pending(struct MHD_Daemon *daemon) {
    MHD_UNSIGNED_LONG_LONG timeout_ms;

    /*
     * Connections have no timeouts in libmicrohttpd (deadlines.h), so 0 is all it says.
     */
    return MHD_get_timeout(daemon, &timeout_ms) == MHD_YES && timeout_ms == 0;
}

static void *worker_run(void *argument) {
    struct tid_worker *worker = argument;
    struct pollfd polls[2] = {
        {.fd = MHD_get_daemon_info(worker->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
         .events = POLLIN},
        {.fd = worker->wake_fd, .events = POLLIN},
    };

    prefer_batches();
    pthread_setname_np(pthread_self(), "worker");
    while (!atomic_load_explicit(&worker->stopping, memory_order_acquire)) {
        if (!is_pending(worker->daemon)) poll(polls, 2, -1);
        if (atomic_load_explicit(&worker->inbox_count, memory_order_relaxed) > 0)
            inbox_empty(worker);
        MHD_run(worker->daemon);
    }
    return NULL;
}

static struct MHD_Daemon *daemon_start(struct tid_worker *worker) {
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, tid_mhd_handle, worker,
        MHD_OPTION_URI_LOG_CALLBACK, tid_mhd_target, worker, MHD_OPTION_NOTIFY_COMPLETED,
        tid_mhd_completed, worker, MHD_OPTION_NOTIFY_CONNECTION, connection_changed,
        worker, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
        /* The limit is kept by tid_workers_take(), which can answer 503. */
        MHD_OPTION_CONNECTION_LIMIT, worker->shared->max_connections + 1,
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES,
#if MHD_VERSION >= 0x00097701
        MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#endif
        MHD_OPTION_END);
}

/* Of a worker whose thread has ended or never ran. */
static void worker_free(struct tid_worker *worker) {
    if (worker->daemon != NULL) MHD_stop_daemon(worker->daemon);
    while (worker->inbox != NULL) {
        struct tid_connection *connection = worker->inbox;
        worker->inbox = connection->next;
        close(connection->fd);
        connection_end(connection);
    }
    if (worker->wake_fd >= 0) close(worker->wake_fd);
    tid_watches_clear(&worker->watches);
    pthread_mutex_destroy(&worker->inbox_lock);
    free(worker);
}

struct tid_worker *tid_worker_start(struct tid_shared *shared,
                                    struct tid_counters *counters) {
    struct tid_worker *worker = aligned_alloc(64, (sizeof *worker + 63) / 64 * 64);
    int error = ENOMEM;

    if (worker == NULL) return NULL;
    memset(worker, 0, sizeof *worker);
    worker->shared = shared;
    worker->counters = counters;
    tid_watches_init(&worker->watches);
    pthread_mutex_init(&worker->inbox_lock, NULL);
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->wake_fd < 0) {
        error = errno;
        goto fail;
    }
    errno = ENOMEM;
    worker->daemon = daemon_start(worker);
    if (worker->daemon == NULL) {
        error = errno;
        goto fail;
    }
    error = pthread_create(&worker->thread, NULL, worker_run, worker);
    if (error == 0) return worker;

fail:
    worker_free(worker);
    errno = error;
    return NULL;
}

bool tid_worker_take(struct tid_worker *worker, int fd, const struct sockaddr *address,
                     socklen_t address_bytes) {
    struct tid_connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL || address_bytes > sizeof connection->address) {
        free(connection);
        close(fd);
        return false;
    }
    connection->worker = worker;
    connection->fd = fd;
    connection->address_bytes = address_bytes;
    memcpy(&connection->address, address, address_bytes);
    atomic_fetch_add_explicit(&worker->open, 1, memory_order_relaxed);
    tid_count(&worker->counters->opened, 1);

    pthread_mutex_lock(&worker->inbox_lock);
    connection->next = worker->inbox;
    worker->inbox = connection;
    atomic_fetch_add_explicit(&worker->inbox_count, 1, memory_order_relaxed);
    pthread_mutex_unlock(&worker->inbox_lock);
    eventfd_write(worker->wake_fd, 1);
    return true;
}

void tid_worker_stop(struct tid_worker *worker) {
    if (worker == NULL) return;
    atomic_store_explicit(&worker->stopping, true, memory_order_release);
    eventfd_write(worker->wake_fd, 1);
    pthread_join(worker->thread, NULL);
    worker_free(worker);
}
