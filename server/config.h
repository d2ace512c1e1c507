/* SPDX-License-Identifier: MIT */
/*
 * What the command line and the environment ask for. options.def lists all of it.
 */
#ifndef TID_CONFIG_H
#define TID_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "server/http/address.h"

#define TID_CONFIG_LISTEN_MAX 16

struct tid_config {
    struct tid_address listen[TID_CONFIG_LISTEN_MAX];
    unsigned listen_count;
    int64_t workers;         /* 0: as many as there are usable processors */
    int64_t compute_threads; /* likewise */
    int64_t factor_bytes;
    int64_t max_connections;
    int64_t header_ms, idle_ms, shutdown_delay_ms, drain_ms;
    bool access_log;
};

enum tid_config_result {
    TID_CONFIG_RUN,
    TID_CONFIG_HELP,
    TID_CONFIG_VERSION,
    TID_CONFIG_ERROR,
};

/*
 * Reads the configuration: an option of the command line beats its environment variable,
 * which beats the default.
 *
 *   environment  getenv(), or a test's own
 *   why          on TID_CONFIG_ERROR: a sentence that names the option and its value
 */
enum tid_config_result tid_config_read(struct tid_config *config, int argc,
                                       char *const *argv,
                                       char *(*environment)(const char *name), char *why,
                                       size_t why_bytes);

/* Writes what --help shows. */
void tid_config_help(FILE *file);

#endif
