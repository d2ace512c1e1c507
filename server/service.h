/* SPDX-License-Identifier: MIT */
/* A listener and the workers to which it hands connections: one for everyone, one for
   --admin-listen. main.c starts and stops them. */
#ifndef TID_SERVICE_H
#define TID_SERVICE_H

#include <stdbool.h>

#include "server/documents/metrics.h"
#include "server/http/listener.h"
#include "server/mhd/worker_set.h"

struct tid_service {
    struct tid_listener *listener;
    struct tid_worker_set *workers;
};

/* Starts both. On failure false, a line in the log, and the listener is closed. */
bool tid_service_start(struct tid_service *service, struct tid_listener *listener,
                       const struct tid_worker_set_options *options,
                       struct tid_metrics *metrics);

/* Lets requests that have begun end within half a second, and stops both. */
void tid_service_stop(struct tid_service *service);

#endif
