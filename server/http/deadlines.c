/* SPDX-License-Identifier: MIT */
/*
 * Ends late connections: see deadlines.h. It only calls shutdown(): the worker then sees
 * the end of the stream and closes the connection, so that only one thread closes
 * descriptors.
 */
#define _GNU_SOURCE /* struct tcp_info */
#include "server/http/deadlines.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "server/work/clock.h"

void tid_watches_init(struct tid_watches *watches) {
    pthread_mutex_init(&watches->lock, NULL);
    LIST_INIT(&watches->list);
}

void tid_watches_clear(struct tid_watches *watches) {
    pthread_mutex_destroy(&watches->lock);
}

static int64_t activity_of(enum tid_phase phase, int64_t since_ms) {
    return since_ms * 8 + (int64_t)phase;
}

static enum tid_phase phase_of(int64_t activity) {
    return (enum tid_phase)(activity & 7);
}

static int64_t since_ms_of(int64_t activity) { return activity / 8; }

void tid_watch_enter(struct tid_watch *watch, enum tid_phase phase) {
    atomic_store_explicit(&watch->activity, activity_of(phase, tid_clock_ms()),
                          memory_order_relaxed);
}

void tid_watch_add(struct tid_watches *watches, struct tid_watch *watch, int fd) {
    watch->fd = fd;
    watch->acked_bytes = 0;
    watch->progress_ms = INT64_MIN;
    atomic_store_explicit(&watch->read_shut_down, false, memory_order_relaxed);
    tid_watch_enter(watch, TID_PHASE_NEW);

    pthread_mutex_lock(&watches->lock);
    LIST_INSERT_HEAD(&watches->list, watch, link);
    pthread_mutex_unlock(&watches->lock);
}

void tid_watch_remove(struct tid_watches *watches, struct tid_watch *watch) {
    pthread_mutex_lock(&watches->lock);
    LIST_REMOVE(watch, link);
    pthread_mutex_unlock(&watches->lock);
}

unsigned tid_watches_shut_down_idle(struct tid_watches *watches, int64_t now_ms) {
    struct tid_watch *watch;
    unsigned open = 0;
    pthread_mutex_lock(&watches->lock);
    LIST_FOREACH(watch, &watches->list, link) {
        const int64_t activity =
            atomic_load_explicit(&watch->activity, memory_order_relaxed);
        const enum tid_phase phase = phase_of(activity);
        /* Only SHUT_RD: the worker can still serve a request that has arrived. */
        if ((phase == TID_PHASE_NEW || phase == TID_PHASE_IDLE) &&
            now_ms - since_ms_of(activity) >= TID_WATCH_GRACE_MS) {
            atomic_store(&watch->read_shut_down, true);
            shutdown(watch->fd, SHUT_RD);
        }
        open++;
    }
    pthread_mutex_unlock(&watches->lock);
    return open;
}

/* Bytes that the client has not acknowledged; -1 if unknown. */
static int unacknowledged(const struct tid_watch *watch) {
    int bytes;
    return ioctl(watch->fd, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

static uint64_t acknowledged(const struct tid_watch *watch) {
    struct tcp_info info;
    socklen_t bytes = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(watch->fd, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0 ||
        bytes <
            offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked)
        return 0;
    return info.tcpi_bytes_acked;
}

/*
 * When the client last took bytes, as far as the reaper's looks tell. The activity alone
 * does not: a worker updates it once a block, for which a slow client may need longer
 * than the idle time. While a response is sent, a client that has taken all of it so far
 * waits for the server.
 */
static int64_t last_progress_ms(struct tid_watch *watch, enum tid_phase phase,
                                int64_t now_ms) {
    const uint64_t acked_bytes = acknowledged(watch);
    if (acked_bytes != watch->acked_bytes ||
        (phase == TID_PHASE_RESPONSE && unacknowledged(watch) == 0))
        watch->progress_ms = now_ms;
    watch->acked_bytes = acked_bytes;
    return watch->progress_ms;
}

/*
 * Ends a connection. If the client has not taken the whole response, closing it resets
 * it: the kernel would keep those bytes until the client takes them, for minutes.
 */
static void cut(struct tid_watch *watch, enum tid_phase phase) {
    const struct linger reset = {.l_onoff = 1};
    if (phase == TID_PHASE_RESPONSE ||
        (phase == TID_PHASE_IDLE && unacknowledged(watch) > 0))
        setsockopt(watch->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    shutdown(watch->fd, SHUT_RDWR);
}

static void reap(struct tid_watch *watch, const struct tid_deadlines *deadlines,
                 int64_t now_ms) {
    const int64_t activity = atomic_load_explicit(&watch->activity, memory_order_relaxed);
    const enum tid_phase phase = phase_of(activity);
    const bool in_header = phase == TID_PHASE_NEW || phase == TID_PHASE_HEADER;
    const int64_t limit_ms = in_header ? deadlines->header_ms : deadlines->idle_ms;
    int64_t since_ms = since_ms_of(activity);
    if (phase == TID_PHASE_COMPUTE || limit_ms == 0) return;
    /* After a response the client may still be taking the rest of it. */
    if (phase == TID_PHASE_RESPONSE || phase == TID_PHASE_IDLE) {
        const int64_t progress_ms = last_progress_ms(watch, phase, now_ms);
        if (progress_ms > since_ms) since_ms = progress_ms;
    }
    if (now_ms - since_ms >= limit_ms) cut(watch, phase);
}

void tid_watches_reap(struct tid_watches *watches, const struct tid_deadlines *deadlines,
                      int64_t now_ms) {
    struct tid_watch *watch;
    pthread_mutex_lock(&watches->lock);
    LIST_FOREACH(watch, &watches->list, link) { reap(watch, deadlines, now_ms); }
    pthread_mutex_unlock(&watches->lock);
}

/* How often to look: a deadline is exceeded by a quarter of it at most, or by 10 ms. */
static int64_t interval_ms(const struct tid_deadlines *deadlines) {
    int64_t deadline_ms = 4000;
    if (deadlines->header_ms > 0 && deadlines->header_ms < deadline_ms)
        deadline_ms = deadlines->header_ms;
    if (deadlines->idle_ms > 0 && deadlines->idle_ms < deadline_ms)
        deadline_ms = deadlines->idle_ms;
    return deadline_ms / 4 > 10 ? deadline_ms / 4 : 10;
}

static void *reaper_run(void *argument) {
    struct tid_reaper *reaper = argument;
    const int64_t wait_ms = interval_ms(&reaper->deadlines);
    pthread_mutex_lock(&reaper->lock);
    while (!reaper->stopping) {
        if (tid_clock_wait(&reaper->wake, &reaper->lock, wait_ms) != ETIMEDOUT) continue;
        for (unsigned i = 0; i < reaper->count; i++)
            tid_watches_reap(reaper->watches[i], &reaper->deadlines, tid_clock_ms());
    }
    pthread_mutex_unlock(&reaper->lock);
    return NULL;
}

int tid_reaper_start(struct tid_reaper *reaper, struct tid_watches *const *watches,
                     unsigned count, struct tid_deadlines deadlines) {
    reaper->watches = watches;
    reaper->count = count;
    reaper->deadlines = deadlines;
    reaper->stopping = false;
    pthread_mutex_init(&reaper->lock, NULL);
    tid_clock_cond_init(&reaper->wake);
    const int error = pthread_create(&reaper->thread, NULL, reaper_run, reaper);
    if (error != 0) {
        pthread_cond_destroy(&reaper->wake);
        pthread_mutex_destroy(&reaper->lock);
    }
    return error;
}

void tid_reaper_stop(struct tid_reaper *reaper) {
    pthread_mutex_lock(&reaper->lock);
    reaper->stopping = true;
    pthread_cond_signal(&reaper->wake);
    pthread_mutex_unlock(&reaper->lock);
    pthread_join(reaper->thread, NULL);
    pthread_cond_destroy(&reaper->wake);
    pthread_mutex_destroy(&reaper->lock);
}
