/* SPDX-License-Identifier: MIT */
/*
 * What the daemon reads from files at its start and, on SIGHUP, again: certificates,
 * tokens and keys, models, and of the configuration those options that options.def says so of.
 */
#ifndef TID_RELOAD_H
#define TID_RELOAD_H

#include <stdbool.h>

#include "server/access/access.h"
#include "server/config.h"
#include "server/documents/metrics.h"
#include "server/mhd/tls.h"
#include "server/mhd/worker_set.h"
#include "server/models/model_directory.h"
#include "server/service.h"
#include "server/work/limits.h"

struct tid_reload {
    struct tid_tls *tls;                /* NULL: plain HTTP */
    struct tid_access *access;          /* NULL: requests need no token */
    struct tid_model_directory *models; /* NULL: there are none */
    struct tid_reload_counts counts;
    struct tid_config *config; /* with which the daemon runs */
    struct tid_config read;    /* as it was read: the daemon may have had to use less */
    /* Which a new configuration changes; NULL: nothing runs yet, or there is none. */
    const struct tid_service *public, *admin;
    struct tid_limits *limits;
    unsigned connection_capacity; /* of 'public' */
};

/*
 * Reads the files that the configuration names, which must outlive this. On failure false,
 * and a line in the log.
 */
bool tid_reload_open(struct tid_reload *files, struct tid_config *config);

/* Sets those members of the options that SIGHUP can change. */
void tid_reload_options(const struct tid_config *config,
                        struct tid_worker_set_options *options);

/* The daemon runs: this is what SIGHUP changes. 'admin' may be NULL. */
void tid_reload_begin(struct tid_reload *files, const struct tid_service *public,
                      const struct tid_service *admin, struct tid_limits *limits);

/*
 * Reads them again. If the configuration is wrong, nothing is read; of the others one that
 * is wrong stays as it was. The log says so.
 */
void tid_reload_again(struct tid_reload *files);

void tid_reload_close(struct tid_reload *files);

#endif
