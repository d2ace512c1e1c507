/* SPDX-License-Identifier: MIT */
/*
 * Pings systemd's watchdog as long as the event loop of every worker runs: one that is
 * stuck holds its connections for ever, and a restart is then the cure.
 */
#ifndef TID_WATCHDOG_H
#define TID_WATCHDOG_H

#include <pthread.h>
#include <stdbool.h>

#include "server/mhd/worker_set.h"
#include "server/systemd.h"

struct tid_watchdog {
    const struct tid_systemd *systemd;
    struct tid_worker_set *const *sets;
    unsigned count; /* of sets */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool started, stopping;
};

/*
 * Starts the thread, if systemd wants pings; the sets must outlive it. Returns 0 or an
 * error number.
 */
int tid_watchdog_start(struct tid_watchdog *watchdog, const struct tid_systemd *systemd,
                       struct tid_worker_set *const *sets, unsigned count);
void tid_watchdog_stop(struct tid_watchdog *watchdog);

#endif
