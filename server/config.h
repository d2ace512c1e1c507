/* SPDX-License-Identifier: MIT */
/* The configuration, from command line and environment. options.def lists all options. */
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
    unsigned workers;         /* 0: one per usable processor */
    unsigned compute_threads; /* 0: one per usable processor */
    unsigned max_connections;
    size_t memory_bytes; /* 0: by the control group's limit */
    int64_t header_ms, idle_ms, wait_ms, shutdown_delay_ms, drain_ms;
    const char *cors; /* of the command line or the environment */
    bool access_log;
};

enum tid_config_result {
    TID_CONFIG_RUN,
    TID_CONFIG_HELP,
    TID_CONFIG_VERSION,
    TID_CONFIG_ERROR,
};

/*
 * Reads the configuration: an option of the command line overrides its environment
 * variable, which overrides the default.
 *
 *   environment  getenv(), or a test's own
 *   why          on TID_CONFIG_ERROR: a sentence that names the option and its value
 */
enum tid_config_result tid_config_read(struct tid_config *config, int argc,
                                       char *const *argv,
                                       char *(*environment)(const char *name), char *why,
                                       size_t why_bytes);

/* Writes the text of --help. */
void tid_config_help(FILE *file);

#endif
