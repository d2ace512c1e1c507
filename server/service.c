/* SPDX-License-Identifier: MIT */
/* See service.h. */
#include "server/service.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "server/log.h"
#include "server/work/clock.h"

#define STOP_MS 500

bool tid_service_start(struct tid_service *service, struct tid_listener *listener,
                       const struct tid_worker_set_options *options,
                       struct tid_metrics *metrics) {
    struct tid_worker_set *workers = tid_worker_set_start(options);
    if (!workers) {
        tid_log(TID_LOG_ERROR, "cannot start workers: %s", strerror(errno));
        tid_listener_close(listener);
        return false;
    }
    listener->context = options->context;
    listener->refused_count = &metrics->refused;
    listener->dropped_count = &metrics->ended[TID_ENDED_NO_DESCRIPTOR];
    const int error = tid_listener_start(listener, tid_worker_set_take, workers);
    if (error != 0) {
        tid_log(TID_LOG_ERROR, "cannot start the listener: %s", strerror(error));
        tid_listener_close(listener);
        tid_worker_set_stop(workers);
        return false;
    }
    *service = (struct tid_service){listener, workers};
    return true;
}

void tid_service_stop(struct tid_service *service) {
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    tid_listener_stop(service->listener);
    const int64_t until_ms = tid_clock_ms() + STOP_MS;
    tid_worker_set_begin_drain(service->workers);
    while (tid_worker_set_drain(service->workers) > 0 && tid_clock_ms() < until_ms)
        nanosleep(&pause, NULL);
    tid_worker_set_stop(service->workers);
}
