/* SPDX-License-Identifier: MIT */
/*
 * One worker: a thread that runs an event loop of libmicrohttpd for its connections.
 *
 * The thread and its wait for events are this file's. libmicrohttpd's own loop waits
 * again, without limit, when exactly 128 connections have become ready at once (0.9.75
 * and later): it takes events in batches of that size and asks for more while a batch is
 * full. Called with no time to wait, as here, it does not.
 */
#include "server/mhd/worker.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "server/log.h"
#include "server/mhd/async_body.h"
#include "server/mhd/hangup.h"
#include "server/mhd/held_response.h"
#include "server/mhd/linger.h"
#include "server/mhd/mhd_request.h"
#include "server/mhd/suspension.h"
#include "server/work/clients.h"
#include "server/work/thread.h"

/*
 * Memory of a connection for the headers of a request and its response. libmicrohttpd
 * sends 414 for a longer target and 431 for more fields. It clears this memory after
 * every request, so a larger one costs time.
 */
#define CONNECTION_BYTES 16384

/* Nothing is decoded: targets are parsed from the copy in struct tid_connection. */
static size_t no_unescape(void *unused, struct MHD_Connection *mhd, char *text) {
    (void)unused;
    (void)mhd;
    return strlen(text);
}

static void connection_end(struct tid_connection *connection) {
    tid_linger_or_release(connection);
    tid_tls_release(connection->tls);
    free(connection);
}

/* Why a connection ends; TID_ENDED_COUNT if it has done all that it was for. */
static enum tid_ended ended_by(struct tid_connection *connection) {
    static const enum tid_ended cuts[] = {
        [TID_CUT_NONE] = TID_ENDED_COUNT,
        [TID_CUT_HEADER] = TID_ENDED_HEADER_TIMEOUT,
        [TID_CUT_IDLE] = TID_ENDED_IDLE_TIMEOUT,
        [TID_CUT_STALLED] = TID_ENDED_STALLED,
        [TID_CUT_SLOW] = TID_ENDED_SLOW,
    };
    struct tid_worker *worker = connection->worker;
    const int cut = atomic_load(&connection->watch.cut);
    const enum tid_phase phase = tid_watch_phase(&connection->watch);
    if (cut != TID_CUT_NONE) return cuts[cut];
    if (phase == TID_PHASE_RESPONSE || phase == TID_PHASE_COMPUTE) return TID_ENDED_COUNT;
    if (worker->unreadable > 0) {
        worker->unreadable--;
        connection->lingers = true;
        return TID_ENDED_UNREADABLE;
    }
    const bool incomplete =
        phase == TID_PHASE_HEADER ||
        (phase == TID_PHASE_NEW && tid_watch_has_received(&connection->watch));
    return incomplete ? TID_ENDED_INCOMPLETE : TID_ENDED_COUNT;
}

/* Of what has no record of a request, but belongs into the access log. */
static enum tid_log_level log_level(const struct tid_worker *worker) {
    return atomic_load_explicit(&worker->shared->access_log, memory_order_relaxed)
               ? TID_LOG_INFO
               : TID_LOG_DEBUG;
}

/* Counts, and logs, what ends without a response of this server. */
static void count_ended(struct tid_connection *connection) {
    static const char *const texts[TID_ENDED_COUNT] = {
        [TID_ENDED_HEADER_TIMEOUT] = "request not received in time",
        [TID_ENDED_INCOMPLETE] = "closed within a request header",
        [TID_ENDED_UNREADABLE] = "request refused by libmicrohttpd",
    };
    struct tid_worker *worker = connection->worker;
    const enum tid_ended why = ended_by(connection);
    struct tid_log_line line;
    const enum tid_log_level level = log_level(worker);
    if (why == TID_ENDED_COUNT) return;
    tid_count(&worker->counters->ended[why], 1);
    if (!texts[why] || !tid_log_has(level)) return;
    tid_log_begin(&line, level, texts[why]);
    tid_log_line_string(&line, "client", tid_record_peer(connection));
    tid_log_end(&line);
}

/*
 * What libmicrohttpd says. It answers requests that it cannot read (400, 413, 414, 431)
 * without telling the application; but it says so here, and closes the connection next.
 */
__attribute__((format(printf, 2, 0))) static void
library_message(void *argument, const char *format, va_list arguments) {
    static const char refusal[] = "Error processing request (HTTP response code is %u";
    struct tid_worker *worker = argument;
    struct tid_log_line line;
    va_list values;
    if (strncmp(format, refusal, sizeof refusal - 1) != 0) {
        tid_log_list(TID_LOG_DEBUG, format, arguments);
        return;
    }
    va_copy(values, arguments);
    const unsigned status = va_arg(values, unsigned);
    va_end(values);
    if ((status == 400 || status == 413) && tid_mhd_refuse_length(worker)) return;
    worker->unreadable++;
    tid_count_request(worker->counters,
                      &(struct tid_counted_request){.route = TID_ROUTE_COUNT,
                                                    .format = TI_FORMAT_COUNT,
                                                    .status = status,
                                                    .complete = true,
                                                    .duration_ns = -1,
                                                    .first_byte_ns = -1});
    if (!tid_log_has(log_level(worker))) return;
    tid_log_begin(&line, log_level(worker), "unreadable request");
    tid_log_line_number(&line, "status", status);
    tid_log_end(&line);
}

static void connection_changed(void *argument, struct MHD_Connection *mhd, void **context,
                               enum MHD_ConnectionNotificationCode how) {
    struct tid_worker *worker = argument;
    struct tid_connection *connection = *context;
    if (how == MHD_CONNECTION_NOTIFY_STARTED) {
        connection = worker->starting;
        worker->starting = NULL;
        if (worker->shared->tls)
            connection->tls = tid_tls_begin(worker->shared->tls, mhd);
        tid_watch_add(&worker->watches, &connection->watch, connection->fd,
                      connection->reserved);
        *context = connection;
        const bool has_memory = !worker->shared->tls || tid_tls_has_memory();
        if (!has_memory || !tid_hangup_add(connection)) {
            tid_count(&worker->counters->ended[TID_ENDED_NO_MEMORY], 1);
            shutdown(connection->fd, SHUT_RDWR);
        }
    } else {
        count_ended(connection);
        tid_hangup_remove(connection);
        tid_watch_remove(&worker->watches, &connection->watch);
        connection_end(connection);
    }
}

/* Gives libmicrohttpd the connections that have been handed over. */
static void inbox_empty(struct tid_worker *worker) {
    pthread_mutex_lock(&worker->inbox_lock);
    struct tid_connection *next = SLIST_FIRST(&worker->inbox);
    SLIST_INIT(&worker->inbox);
    pthread_mutex_unlock(&worker->inbox_lock);

    while (next) {
        struct tid_connection *connection = next;
        next = SLIST_NEXT(connection, inbox_link);
        worker->starting = connection;
        MHD_add_connection(worker->daemon, connection->fd,
                           (struct sockaddr *)&connection->address,
                           connection->address_bytes);
        /* Out of memory, libmicrohttpd closes the connection without announcing it. */
        if (worker->starting) {
            tid_count(&worker->counters->ended[TID_ENDED_NO_MEMORY], 1);
            connection_end(connection);
        }
        /* Last: until its watch was added, a drain must count the connection here. */
        atomic_fetch_sub_explicit(&worker->inbox_count, 1, memory_order_relaxed);
    }
}

/* Whether libmicrohttpd has work to do without waiting for an event. */
static bool has_work(struct MHD_Daemon *daemon) {
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    /* Only 0 matters: deadlines.c, not libmicrohttpd, ends late connections. */
    return MHD_get_timeout(daemon, &timeout_ms) == MHD_YES && timeout_ms == 0;
}

/* How long to wait if nothing happens; -1 for ever. */
static int timeout_ms(const struct tid_worker *worker) {
    const int linger_ms = tid_linger_timeout_ms(worker);
    return linger_ms >= 0 ? linger_ms : tid_hangup_timeout_ms(worker);
}

/*
 * Waits until there is something to do. The wake-up is cleared before the caller looks at
 * the lists that it was for: the other way round, one could be lost. Returns whether
 * to look at clients that have closed.
 */
static bool wait_for_events(struct tid_worker *worker, struct pollfd polls[3]) {
    eventfd_t count;
    if (worker->run_again || has_work(worker->daemon)) {
        worker->run_again = false;
        return true;
    }
    const bool some = poll(polls, 3, timeout_ms(worker)) > 0;
    if (some && polls[1].revents != 0) eventfd_read(worker->wake_fd, &count);
    return !some || polls[2].revents != 0 || !LIST_EMPTY(&worker->half_closed);
}

/* The client of a suspended connection: its callback ends the connection. */
static void client_gone(struct tid_connection *connection) {
    connection->client_closed = true;
    tid_resume(connection);
}

static void *worker_run(void *argument) {
    struct tid_worker *worker = argument;
    struct pollfd polls[3] = {
        {.fd = MHD_get_daemon_info(worker->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
         .events = POLLIN},
        {.fd = worker->wake_fd, .events = POLLIN},
        {.fd = worker->hangup_fd, .events = POLLIN},
    };
    /*
     * The policy of tid_thread_begin() lets a worker find several requests at once when
     * it gets to run: a quarter more responses a second if the client is on the same
     * machine.
     */
    tid_thread_begin("worker");
    while (!atomic_load_explicit(&worker->stopping, memory_order_acquire)) {
        const bool some_may_have_closed = wait_for_events(worker, polls);
        if (atomic_load_explicit(&worker->inbox_count, memory_order_relaxed) > 0)
            inbox_empty(worker);
        if (atomic_load_explicit(&worker->ready_count, memory_order_relaxed) > 0)
            tid_async_body_resume_ready(worker);
        if (atomic_load_explicit(&worker->released_count, memory_order_relaxed) > 0)
            tid_held_response_resume_released(worker);
        if (some_may_have_closed) tid_hangup_look(worker, client_gone);
        tid_linger_look(worker);
        atomic_fetch_add_explicit(&worker->turns, 1, memory_order_relaxed);
        tid_turn_begin(&worker->turn);
        MHD_run(worker->daemon);
        if (!LIST_EMPTY(&worker->half_closed)) tid_hangup_end_finished(worker);
    }
    tid_resume_all(worker);
    return NULL;
}

/* libmicrohttpd takes texts that are not const, and does not change them. */
static void *unconst(const char *text) { return (void *)(uintptr_t)text; }

static struct MHD_Daemon *daemon_start(struct tid_worker *worker) {
    const struct tid_tls *tls = worker->shared->tls;
    struct MHD_OptionItem tls_items[] = {{MHD_OPTION_END, 0, NULL},
                                         {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
                                         {MHD_OPTION_HTTPS_PRIORITIES, 0, NULL},
                                         {MHD_OPTION_END, 0, NULL}};
    if (tls) {
        tls_items[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0,
                                               unconst(tid_tls_certificate_text(tls))};
        tls_items[1].ptr_value = unconst(tid_tls_key_text(tls));
        tls_items[2].ptr_value = unconst(tid_tls_priorities(tls));
    }
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0),
        0, NULL, NULL, tid_mhd_handle, worker,
        /* First, so that it gets what the others cause. */
        MHD_OPTION_EXTERNAL_LOGGER, library_message, worker, MHD_OPTION_URI_LOG_CALLBACK,
        tid_mhd_target, worker, MHD_OPTION_NOTIFY_COMPLETED, tid_mhd_completed, worker,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, worker,
        MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
        /* Never reached: tid_worker_set_take() refuses connections beyond the maximum. */
        MHD_OPTION_CONNECTION_LIMIT,
        worker->shared->connection_capacity + worker->shared->reserved_connections + 1,
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_ARRAY, tls_items,
#if MHD_VERSION >= 0x00097701
        MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#endif
        MHD_OPTION_END);
}

/* The thread has ended or was never started. */
static void worker_free(struct tid_worker *worker) {
    const struct timespec pause = {.tv_nsec = 1000000};
    if (worker->daemon) MHD_stop_daemon(worker->daemon);
    tid_response_cache_clear(worker->cache);
    tid_linger_close_all(worker);
    /* Abandoned blocks that are still being computed: one task each at most. */
    while (atomic_load_explicit(&worker->jobs, memory_order_acquire) > 0)
        nanosleep(&pause, NULL);
    while (!SLIST_EMPTY(&worker->inbox)) {
        struct tid_connection *connection = SLIST_FIRST(&worker->inbox);
        SLIST_REMOVE_HEAD(&worker->inbox, inbox_link);
        close(connection->fd);
        connection_end(connection);
    }
    if (worker->wake_fd >= 0) close(worker->wake_fd);
    if (worker->hangup_fd >= 0) close(worker->hangup_fd);
    tid_watches_clear(&worker->watches);
    pthread_mutex_destroy(&worker->ready_lock);
    pthread_mutex_destroy(&worker->inbox_lock);
    free(worker);
}

struct tid_worker *tid_worker_start(struct tid_worker_shared *shared,
                                    struct tid_counters *counters) {
    /* The size of a struct is a multiple of its alignment, 64. */
    struct tid_worker *worker = aligned_alloc(64, sizeof *worker);
    int error = ENOMEM;
    if (!worker) return NULL;
    memset(worker, 0, sizeof *worker);
    worker->shared = shared;
    worker->counters = counters;
    worker->turns_seen = UINT_MAX;
    SLIST_INIT(&worker->inbox);
    SLIST_INIT(&worker->ready);
    SLIST_INIT(&worker->released);
    LIST_INIT(&worker->suspended);
    LIST_INIT(&worker->half_closed);
    tid_watches_init(&worker->watches);
    pthread_mutex_init(&worker->inbox_lock, NULL);
    pthread_mutex_init(&worker->ready_lock, NULL);
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->hangup_fd = epoll_create1(EPOLL_CLOEXEC);
    if (worker->wake_fd < 0 || worker->hangup_fd < 0) {
        error = errno;
        goto fail;
    }
    errno = ENOMEM;
    worker->daemon = daemon_start(worker);
    if (!worker->daemon) {
        error = errno;
        goto fail;
    }
    error = tid_thread_create(&worker->thread, worker_run, worker);
    if (error == 0) return worker;

fail:
    worker_free(worker);
    errno = error;
    return NULL;
}

bool tid_worker_take(struct tid_worker *worker, int fd, const struct sockaddr *address,
                     socklen_t address_bytes, bool reserved, struct tid_client *client) {
    struct tid_connection *connection = calloc(1, sizeof *connection);
    if (!connection || address_bytes > sizeof connection->address) {
        free(connection);
        tid_client_end_connection(client);
        close(fd);
        return false;
    }
    connection->worker = worker;
    connection->fd = fd;
    connection->reserved = reserved;
    connection->client = client;
    connection->address_bytes = address_bytes;
    memcpy(&connection->address, address, address_bytes);
    atomic_fetch_add_explicit(&worker->open, 1, memory_order_relaxed);
    tid_count(&worker->counters->opened, 1);

    pthread_mutex_lock(&worker->inbox_lock);
    SLIST_INSERT_HEAD(&worker->inbox, connection, inbox_link);
    atomic_fetch_add_explicit(&worker->inbox_count, 1, memory_order_relaxed);
    pthread_mutex_unlock(&worker->inbox_lock);
    eventfd_write(worker->wake_fd, 1);
    return true;
}

bool tid_worker_runs(struct tid_worker *worker) {
    const unsigned turns = atomic_load_explicit(&worker->turns, memory_order_relaxed);
    if (turns == worker->turns_seen) return false;
    worker->turns_seen = turns;
    eventfd_write(worker->wake_fd, 1);
    return true;
}

void tid_worker_stop(struct tid_worker *worker) {
    if (!worker) return;
    atomic_store_explicit(&worker->stopping, true, memory_order_release);
    eventfd_write(worker->wake_fd, 1);
    pthread_join(worker->thread, NULL);
    worker_free(worker);
}
