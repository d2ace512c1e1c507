/* SPDX-License-Identifier: MIT */
/* What the log says at the start: what serves, with which limits, and who may use it. */
#ifndef TID_STARTUP_LOG_H
#define TID_STARTUP_LOG_H

#include <stddef.h>

#include "server/config.h"
#include "server/sockets.h"

struct tid_startup_facts {
    const struct tid_config *config;
    const struct tid_sockets *sockets;
    const char *isa;
    unsigned workers, compute_threads;
    size_t memory_bytes;
    const char *memory_origin;
};

/* Memory for requests: what is configured, else by the limits of the process. */
size_t tid_startup_memory(const struct tid_config *config, const char **origin);

/* One line with the facts, and a warning if any machine may request tensors. */
void tid_startup_log(const struct tid_startup_facts *facts);

#endif
