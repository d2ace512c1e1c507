/* SPDX-License-Identifier: MIT */
/*
 * Ends late connections by shutdown(): their worker then sees the end of the stream and
 * cleans up, so that only one thread ever closes a descriptor.
 */
#define _GNU_SOURCE /* struct tcp_info */
#include "server/http/deadlines.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "server/work/clock.h"

void tid_watches_init(struct tid_watches *watches) {
    pthread_mutex_init(&watches->lock, NULL);
    watches->first = NULL;
}

void tid_watches_clear(struct tid_watches *watches) {
    pthread_mutex_destroy(&watches->lock);
}

/* Phase and time in one word. */
static int64_t doing_of(enum tid_phase phase, int64_t since_ms) {
    return since_ms * 8 + (int64_t)phase;
}

static enum tid_phase phase_of(int64_t doing) { return (enum tid_phase)(doing & 7); }

static int64_t since_ms_of(int64_t doing) { return doing / 8; }

void tid_watch_enter(struct tid_watch *watch, enum tid_phase phase) {
    atomic_store_explicit(&watch->doing, doing_of(phase, tid_clock_ms()),
                          memory_order_relaxed);
}

void tid_watch_add(struct tid_watches *watches, struct tid_watch *watch, int fd) {
    watch->fd = fd;
    watch->acked_bytes = 0;
    atomic_store_explicit(&watch->read_ended, false, memory_order_relaxed);
    watch->previous = NULL;
    tid_watch_enter(watch, TID_PHASE_NEW);

    pthread_mutex_lock(&watches->lock);
    watch->next = watches->first;
    if (watch->next != NULL) watch->next->previous = watch;
    watches->first = watch;
    pthread_mutex_unlock(&watches->lock);
}

void tid_watch_remove(struct tid_watches *watches, struct tid_watch *watch) {
    pthread_mutex_lock(&watches->lock);
    if (watch->previous != NULL)
        watch->previous->next = watch->next;
    else
        watches->first = watch->next;
    if (watch->next != NULL) watch->next->previous = watch->previous;
    pthread_mutex_unlock(&watches->lock);
}

unsigned tid_watches_end_waiting(struct tid_watches *watches, int64_t now_ms) {
    unsigned open = 0;

    pthread_mutex_lock(&watches->lock);
    for (struct tid_watch *watch = watches->first; watch != NULL; watch = watch->next) {
        int64_t doing = atomic_load_explicit(&watch->doing, memory_order_relaxed);
        enum tid_phase phase = phase_of(doing);

        /*
         * SHUT_RD only: bytes that have arrived are still read and answered, and the
         * worker sees the end of the stream after them.
         */
        if ((phase == TID_PHASE_NEW || phase == TID_PHASE_IDLE) &&
            now_ms - since_ms_of(doing) >= TID_WATCH_GRACE_MS) {
            atomic_store(&watch->read_ended, true);
            shutdown(watch->fd, SHUT_RD);
        }
        open++;
    }
    pthread_mutex_unlock(&watches->lock);
    return open;
}

/*
 * Whether the client has acknowledged more than when it was last asked. A worker notes
 * the time once a block, and a slow client may need longer for one than the idle time.
 */
static bool has_moved(struct tid_watch *watch) {
    struct tcp_info info;
    socklen_t bytes = sizeof info;

    memset(&info, 0, sizeof info);
    if (getsockopt(watch->fd, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0 ||
        bytes <
            offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked)
        return false;
    bool moved = info.tcpi_bytes_acked != watch->acked_bytes;
    watch->acked_bytes = info.tcpi_bytes_acked;
    return moved;
}

static void reap(struct tid_watch *watch, const struct tid_deadlines *deadlines,
                 int64_t now_ms) {
    int64_t doing = atomic_load_explicit(&watch->doing, memory_order_relaxed);
    enum tid_phase phase = phase_of(doing);
    bool in_header = phase == TID_PHASE_NEW || phase == TID_PHASE_HEAD;
    int64_t limit_ms = in_header ? deadlines->header_ms : deadlines->idle_ms;

    if (phase == TID_PHASE_COMPUTE || limit_ms == 0 ||
        now_ms - since_ms_of(doing) < limit_ms)
        return;
    if (phase == TID_PHASE_REPLY && has_moved(watch)) {
        /* Look again after another idle time, unless the worker changes it meanwhile. */
        int64_t again = doing_of(phase, now_ms);
        atomic_compare_exchange_strong_explicit(
            &watch->doing, &doing, again, memory_order_relaxed, memory_order_relaxed);
        return;
    }
    shutdown(watch->fd, SHUT_RDWR);
}

void tid_watches_reap(struct tid_watches *watches, const struct tid_deadlines *deadlines,
                      int64_t now_ms) {
    pthread_mutex_lock(&watches->lock);
    for (struct tid_watch *watch = watches->first; watch != NULL; watch = watch->next)
        reap(watch, deadlines, now_ms);
    pthread_mutex_unlock(&watches->lock);
}

/* Often enough that a deadline is kept to within a quarter. */
static int64_t interval_ms(const struct tid_deadlines *deadlines) {
    int64_t least = 4000;

    if (deadlines->header_ms > 0 && deadlines->header_ms < least)
        least = deadlines->header_ms;
    if (deadlines->idle_ms > 0 && deadlines->idle_ms < least) least = deadlines->idle_ms;
    return least / 4 > 10 ? least / 4 : 10;
}

static void *reaper_run(void *argument) {
    struct tid_reaper *reaper = argument;
    int64_t wait_ms = interval_ms(&reaper->deadlines);

    pthread_mutex_lock(&reaper->lock);
    while (!reaper->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += wait_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        if (pthread_cond_timedwait(&reaper->wake, &reaper->lock, &until) != ETIMEDOUT)
            continue;
        for (unsigned i = 0; i < reaper->count; i++)
            tid_watches_reap(reaper->watches[i], &reaper->deadlines, tid_clock_ms());
    }
    pthread_mutex_unlock(&reaper->lock);
    return NULL;
}

int tid_reaper_start(struct tid_reaper *reaper, struct tid_watches *const *watches,
                     unsigned count, struct tid_deadlines deadlines) {
    pthread_condattr_t attributes;

    reaper->watches = watches;
    reaper->count = count;
    reaper->deadlines = deadlines;
    reaper->stopping = false;
    pthread_mutex_init(&reaper->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&reaper->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    int error = pthread_create(&reaper->thread, NULL, reaper_run, reaper);
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
