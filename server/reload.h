/* SPDX-License-Identifier: MIT */
/* What the daemon reads from files at its start and, on SIGHUP, again. */
#ifndef TID_RELOAD_H
#define TID_RELOAD_H

#include <stdbool.h>

#include "server/access/access.h"
#include "server/config.h"
#include "server/mhd/tls.h"

struct tid_reload {
    struct tid_tls *tls;       /* NULL: plain HTTP */
    struct tid_access *access; /* NULL: requests need no token */
};

/*
 * Reads the files that the configuration names, which must outlive this. On failure false,
 * and a line in the log.
 */
bool tid_reload_open(struct tid_reload *files, const struct tid_config *config);

/* Reads them again. One that is wrong is logged, and what was read before stays. */
void tid_reload_again(struct tid_reload *files);

void tid_reload_close(struct tid_reload *files);

#endif
