/* SPDX-License-Identifier: MIT */
/* See watchdog.h. */
#include "server/watchdog.h"

#include "server/work/clock.h"
#include "server/work/thread.h"

/*
 * Looks in a period of the watchdog. sd_watchdog_enabled(3) wants a ping in half of it; a
 * worker has a quarter to get through its loop.
 */
#define LOOKS 4

static bool all_run(struct tid_watchdog *watchdog) {
    bool all = true;
    for (unsigned i = 0; i < watchdog->count; i++)
        all &= tid_worker_set_runs(watchdog->sets[i]);
    return all;
}

static void *watchdog_run(void *argument) {
    struct tid_watchdog *watchdog = argument;
    const int64_t look_ms = watchdog->systemd->watchdog_us / 1000 / LOOKS;
    tid_thread_begin("watchdog");
    pthread_mutex_lock(&watchdog->lock);
    while (!watchdog->stopping) {
        if (all_run(watchdog)) tid_systemd_ping(watchdog->systemd);
        tid_clock_wait(&watchdog->wake, &watchdog->lock, look_ms > 0 ? look_ms : 1);
    }
    pthread_mutex_unlock(&watchdog->lock);
    return NULL;
}

int tid_watchdog_start(struct tid_watchdog *watchdog, const struct tid_systemd *systemd,
                       struct tid_worker_set *const *sets, unsigned count) {
    *watchdog = (struct tid_watchdog){.systemd = systemd, .sets = sets, .count = count};
    if (systemd->watchdog_us == 0 || systemd->notify_fd < 0) return 0;
    pthread_mutex_init(&watchdog->lock, NULL);
    tid_clock_cond_init(&watchdog->wake);
    const int error = tid_thread_create(&watchdog->thread, watchdog_run, watchdog);
    watchdog->started = error == 0;
    return error;
}

void tid_watchdog_stop(struct tid_watchdog *watchdog) {
    if (!watchdog->started) return;
    pthread_mutex_lock(&watchdog->lock);
    watchdog->stopping = true;
    pthread_cond_signal(&watchdog->wake);
    pthread_mutex_unlock(&watchdog->lock);
    pthread_join(watchdog->thread, NULL);
    pthread_cond_destroy(&watchdog->wake);
    pthread_mutex_destroy(&watchdog->lock);
    watchdog->started = false;
}
