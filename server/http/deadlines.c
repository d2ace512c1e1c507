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
#include "server/work/thread.h"

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
    int64_t since_ms = tid_clock_ms();
    if (phase == TID_PHASE_HEADER) {
        const int64_t before =
            atomic_load_explicit(&watch->activity, memory_order_relaxed);
        if (phase_of(before) == TID_PHASE_NEW) since_ms = since_ms_of(before);
        atomic_store_explicit(&watch->idle_before_ms,
                              phase_of(before) == TID_PHASE_IDLE ? since_ms_of(before)
                                                                 : INT64_MAX,
                              memory_order_relaxed);
    }
    /* The reaper that sees the phase sees what was before it. */
    atomic_store_explicit(&watch->activity, activity_of(phase, since_ms),
                          memory_order_release);
}

enum tid_phase tid_watch_phase(const struct tid_watch *watch) {
    return phase_of(atomic_load_explicit(&watch->activity, memory_order_relaxed));
}

int64_t tid_watch_since_ms(const struct tid_watch *watch) {
    return since_ms_of(atomic_load_explicit(&watch->activity, memory_order_relaxed));
}

void tid_watch_add(struct tid_watches *watches, struct tid_watch *watch, int fd,
                   bool is_hurried) {
    watch->fd = fd;
    watch->is_hurried = is_hurried;
    watch->acked_bytes = 0;
    watch->progress_ms = INT64_MIN;
    watch->rate_bytes = 0;
    watch->rate_ms = INT64_MAX;
    watch->idle_ms = INT64_MIN;
    watch->partial_ms = INT64_MAX;
    atomic_store_explicit(&watch->cut, TID_CUT_NONE, memory_order_relaxed);
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
        const int64_t waited_ms = now_ms - since_ms_of(activity);
        /* Only SHUT_RD: the worker can still serve a request that has arrived. */
        if ((phase == TID_PHASE_NEW && waited_ms >= TID_WATCH_NEW_GRACE_MS) ||
            (phase == TID_PHASE_IDLE && waited_ms >= TID_WATCH_IDLE_GRACE_MS)) {
            atomic_store(&watch->read_shut_down, true);
            shutdown(watch->fd, SHUT_RD);
        }
        open++;
    }
    pthread_mutex_unlock(&watches->lock);
    return open;
}

/* What the kernel knows of a connection. */
struct look {
    int64_t now_ms;
    bool is_tcp; /* the next two are known; otherwise the first only changes */
    uint64_t acked_bytes, received_bytes;
    int unacked_bytes; /* sent or not, but not acknowledged; -1 if unknown */
};

static struct look look_at(const struct tid_watch *watch, int64_t now_ms) {
    struct look look = {.now_ms = now_ms};
    struct tcp_info info;
    socklen_t bytes = sizeof info;
    memset(&info, 0, sizeof info);
    look.is_tcp = getsockopt(watch->fd, IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0 &&
                  bytes >= offsetof(struct tcp_info, tcpi_bytes_received) +
                               sizeof info.tcpi_bytes_received;
    look.received_bytes = info.tcpi_bytes_received;
    if (ioctl(watch->fd, SIOCOUTQ, &look.unacked_bytes) != 0) look.unacked_bytes = -1;
    /* Of other sockets only the changes count. */
    look.acked_bytes =
        look.is_tcp ? info.tcpi_bytes_acked : 0 - (uint64_t)look.unacked_bytes;
    return look;
}

bool tid_watch_has_received(const struct tid_watch *watch) {
    return look_at(watch, 0).received_bytes > 0;
}

/*
 * Ends a connection. If the client has not taken the whole response, closing it resets
 * it: the kernel would keep those bytes until the client takes them, for minutes.
 */
static void cut(struct tid_watch *watch, enum tid_cut why, bool resets) {
    const struct linger reset = {.l_onoff = 1};
    int none = TID_CUT_NONE;
    if (resets) setsockopt(watch->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    atomic_compare_exchange_strong(&watch->cut, &none, why);
    shutdown(watch->fd, SHUT_RDWR);
}

static bool is_over(int64_t since_ms, int64_t limit_ms, int64_t now_ms) {
    return limit_ms > 0 && now_ms - since_ms >= limit_ms;
}

/*
 * Whether the client has taken too little since the rate is measured. Not of a unix socket:
 * SIOCOUTQ counts whole buffers there, each until its last byte is taken.
 */
static bool is_slow(struct tid_watch *watch, const struct look *look,
                    const struct tid_deadlines *deadlines) {
    const int64_t over_ms = deadlines->idle_ms > 0 ? deadlines->idle_ms : TID_RATE_MS;
    const int64_t took_ms = look->now_ms - watch->rate_ms;
    const uint64_t taken = look->acked_bytes - watch->rate_bytes;
    if (!look->is_tcp || deadlines->min_rate == 0 || took_ms < over_ms) return false;
    watch->rate_ms = look->now_ms;
    watch->rate_bytes = look->acked_bytes;
    return taken < (uint64_t)deadlines->min_rate * (uint64_t)took_ms / 1000;
}

/*
 * The client has not taken the whole response. Its activity alone does not tell what it
 * takes: a worker updates that once a block, for which a slow client may need longer than
 * the idle time.
 */
static void reap_receiver(struct tid_watch *watch, const struct look *look,
                          int64_t since_ms, const struct tid_deadlines *deadlines) {
    if (watch->rate_ms == INT64_MAX) {
        watch->rate_ms = look->now_ms;
        watch->rate_bytes = look->acked_bytes;
    }
    if (is_over(since_ms, deadlines->idle_ms, look->now_ms))
        cut(watch, TID_CUT_STALLED, true);
    else if (is_slow(watch, look, deadlines))
        cut(watch, TID_CUT_SLOW, true);
}

/* The client has taken all responses, and the next request has not come yet. */
static void reap_idle(struct tid_watch *watch, const struct look *look, int64_t phase_ms,
                      int64_t since_ms, const struct tid_deadlines *deadlines) {
    if (watch->idle_ms != phase_ms) {
        watch->idle_ms = phase_ms;
        watch->received_bytes = look->received_bytes;
        watch->partial_ms = INT64_MAX;
    } else if (look->received_bytes != watch->received_bytes &&
               watch->partial_ms == INT64_MAX) {
        watch->partial_ms = look->now_ms;
    }
    if (watch->partial_ms != INT64_MAX &&
        is_over(watch->partial_ms, deadlines->header_ms, look->now_ms))
        cut(watch, TID_CUT_HEADER, false);
    else if (is_over(since_ms, deadlines->idle_ms, look->now_ms))
        cut(watch, TID_CUT_IDLE, false);
}

/* The client has not sent its header: the request line, or what follows it. */
static void reap_sender(struct tid_watch *watch, enum tid_phase phase, int64_t since_ms,
                        const struct tid_deadlines *deadlines, int64_t now_ms) {
    const bool was_idle = phase == TID_PHASE_HEADER &&
                          watch->idle_ms == atomic_load_explicit(&watch->idle_before_ms,
                                                                 memory_order_relaxed);
    int64_t limit_ms = deadlines->header_ms;
    if (was_idle && watch->partial_ms < since_ms) since_ms = watch->partial_ms;
    if (watch->is_hurried && (limit_ms == 0 || limit_ms > TID_WATCH_HURRIED_MS))
        limit_ms = TID_WATCH_HURRIED_MS;
    if (is_over(since_ms, limit_ms, now_ms)) cut(watch, TID_CUT_HEADER, false);
}

static void reap(struct tid_watch *watch, const struct tid_deadlines *deadlines,
                 int64_t now_ms) {
    const int64_t activity = atomic_load_explicit(&watch->activity, memory_order_acquire);
    const enum tid_phase phase = phase_of(activity);
    const int64_t phase_ms = since_ms_of(activity);
    if (phase == TID_PHASE_NEW || phase == TID_PHASE_HEADER) {
        reap_sender(watch, phase, phase_ms, deadlines, now_ms);
        return;
    }
    if (phase == TID_PHASE_COMPUTE) {
        watch->rate_ms = INT64_MAX;
        return;
    }
    const struct look look = look_at(watch, now_ms);
    const bool has_all = look.unacked_bytes == 0;
    /* While a response is sent, a client that has taken all of it waits for the server. */
    if (look.acked_bytes != watch->acked_bytes ||
        (has_all && phase == TID_PHASE_RESPONSE))
        watch->progress_ms = now_ms;
    watch->acked_bytes = look.acked_bytes;
    if (has_all) watch->rate_ms = INT64_MAX;
    const int64_t since_ms =
        watch->progress_ms > phase_ms ? watch->progress_ms : phase_ms;
    if (phase == TID_PHASE_IDLE && look.unacked_bytes <= 0)
        reap_idle(watch, &look, phase_ms, since_ms, deadlines);
    else
        reap_receiver(watch, &look, since_ms, deadlines);
}

void tid_watches_reap(struct tid_watches *watches, const struct tid_deadlines *deadlines,
                      int64_t now_ms) {
    struct tid_watch *watch;
    pthread_mutex_lock(&watches->lock);
    LIST_FOREACH(watch, &watches->list, link) { reap(watch, deadlines, now_ms); }
    pthread_mutex_unlock(&watches->lock);
}

void tid_watches_restart(struct tid_watches *watches, int64_t now_ms) {
    struct tid_watch *watch;
    pthread_mutex_lock(&watches->lock);
    LIST_FOREACH(watch, &watches->list, link) {
        int64_t activity = atomic_load_explicit(&watch->activity, memory_order_relaxed);
        /* If that fails, the worker has just set it. */
        atomic_compare_exchange_strong(&watch->activity, &activity,
                                       activity_of(phase_of(activity), now_ms));
        watch->progress_ms = now_ms;
        watch->rate_ms = INT64_MAX;
        watch->idle_ms = INT64_MIN;
    }
    pthread_mutex_unlock(&watches->lock);
}

/* How often to look: a fortieth of the shortest deadline, within 10 to 250 ms. */
static int64_t interval_ms(const struct tid_deadlines *deadlines) {
    int64_t deadline_ms = 10000;
    if (deadlines->header_ms > 0 && deadlines->header_ms < deadline_ms)
        deadline_ms = deadlines->header_ms;
    if (deadlines->idle_ms > 0 && deadlines->idle_ms < deadline_ms)
        deadline_ms = deadlines->idle_ms;
    return deadline_ms / 40 > 10 ? deadline_ms / 40 : 10;
}

/* If the reaper comes so much later than it wanted to, the process has not run. */
#define PAUSE_MS 1000

static void *reaper_run(void *argument) {
    struct tid_reaper *reaper = argument;
    int64_t last_ms = tid_clock_ms();
    pthread_mutex_lock(&reaper->lock);
    while (!reaper->stopping) {
        const int64_t wait_ms = interval_ms(&reaper->deadlines);
        if (tid_clock_wait(&reaper->wake, &reaper->lock, wait_ms) != ETIMEDOUT) continue;
        const int64_t now_ms = tid_clock_ms();
        const bool paused = now_ms - last_ms > wait_ms + PAUSE_MS;
        last_ms = now_ms;
        for (unsigned i = 0; i < reaper->count; i++) {
            if (paused)
                tid_watches_restart(reaper->watches[i], now_ms);
            else
                tid_watches_reap(reaper->watches[i], &reaper->deadlines, now_ms);
        }
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
    const int error = tid_thread_create(&reaper->thread, reaper_run, reaper);
    if (error != 0) {
        pthread_cond_destroy(&reaper->wake);
        pthread_mutex_destroy(&reaper->lock);
    }
    return error;
}

void tid_reaper_change(struct tid_reaper *reaper, struct tid_deadlines deadlines) {
    pthread_mutex_lock(&reaper->lock);
    reaper->deadlines = deadlines;
    pthread_cond_signal(&reaper->wake);
    pthread_mutex_unlock(&reaper->lock);
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
