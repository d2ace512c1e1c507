/* SPDX-License-Identifier: MIT */
/*
 * The configuration, from command line, environment and a file. options.def lists all
 * options; option_kinds.h says how their values are read.
 */
#ifndef TID_CONFIG_H
#define TID_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "server/http/address.h"
#include "server/http/forwarded.h"
#include "server/http/network.h"
#include "server/work/limits.h"

#define TID_CONFIG_ADDRESSES_MAX 16
#define TID_CONFIG_WHY_BYTES 8192 /* a path, a name and a value may be in it */

struct tid_address_list {
    struct tid_address items[TID_CONFIG_ADDRESSES_MAX];
    unsigned count;
};

struct tid_path {
    char text[4096]; /* empty: none */
};

struct tid_origins {
    char text[1024]; /* has no tid_cors_flaw() */
};

struct tid_base_path {
    char text[TID_BASE_PATH_BYTES]; /* empty: none */
};

struct tid_config {
    struct tid_path config; /* the file that was read */
    struct tid_address_list listen, admin_listen;
    bool reuse_port;
    unsigned workers;         /* 0: one per usable processor */
    unsigned compute_threads; /* 0: one per usable processor */
    unsigned max_connections;
    unsigned min_rate;   /* bytes a second; 0: no limit */
    size_t memory_bytes; /* 0: by the control group's limit */
    int64_t header_ms, idle_ms, wait_ms, shutdown_delay_ms, drain_ms;
    struct tid_origins cors;
    struct tid_base_path base_path;
    struct tid_network_list trusted_proxies;
    struct tid_limit_values limits;
    unsigned log_level;  /* an enum tid_log_level */
    unsigned log_format; /* an enum tid_log_format */
    bool access_log;
    unsigned access_sample; /* one of that many successful requests */
    struct tid_path models; /* a folder */
    struct tid_path token_file, signing_key_file;
    struct tid_path tls_certificate, tls_key, tls_client_ca;
    unsigned tls_min; /* a TID_TLS_12 or TID_TLS_13 */
    /* Not options: */
    bool listens_by_default;       /* --listen has not been given */
    unsigned reserved_connections; /* beyond the maximum, for probes */
    int argument_count;            /* where they come from */
    char *const *arguments;
};

/* The places of the words of --tls-min. */
enum { TID_TLS_12, TID_TLS_13 };

/* What the command line asks for. */
enum tid_config_result {
    TID_CONFIG_RUN,
    TID_CONFIG_PRINT,
    TID_CONFIG_CHECK,
    TID_CONFIG_SELF_TEST,
    TID_CONFIG_HEALTH,
    TID_CONFIG_HELP,
    TID_CONFIG_VERSION,
    TID_CONFIG_ERROR,
};

/* Where the value of an option comes from; a later one overrides an earlier one. */
enum tid_config_source {
    TID_SOURCE_DEFAULT,
    TID_SOURCE_FILE,
    TID_SOURCE_ENVIRONMENT,
    TID_SOURCE_COMMAND_LINE,
};

/* Of each option, in the order of options.def. */
struct tid_config_sources {
    enum tid_config_source of[64];
};

/*
 * Reads the configuration: an option of the command line overrides its environment
 * variable, which overrides the file that --config names, which overrides the default.
 *
 *   argv         must outlive the configuration
 *   environment  "NAME=VALUE" each, NULL after the last: environ
 *   sources      NULL if the caller does not ask
 *   why          on TID_CONFIG_ERROR: a sentence that names the option and its value
 */
enum tid_config_result tid_config_read(struct tid_config *config, int argc,
                                       char *const *argv, char *const *environment,
                                       struct tid_config_sources *sources, char *why,
                                       size_t why_bytes);

/*
 * Takes over, into 'read' and 'used', the options that SIGHUP reads again and that are not
 * in 'again' as they are in 'read'. 'used' is what the daemon runs with, which may be less
 * than what was read. Calls 'changed' for each option that is not the same; one that is not
 * 'reloadable' stays.
 */
typedef void tid_config_changed(const char *name, const char *before, const char *after,
                                bool reloadable);
void tid_config_update(struct tid_config *read, struct tid_config *used,
                       const struct tid_config *again, tid_config_changed *changed);

/* Writes the configuration as a file that --config reads. */
void tid_config_print(FILE *file, const struct tid_config *config,
                      const struct tid_config_sources *sources);

/* Writes the text of --help. */
void tid_config_help(FILE *file);

#endif
