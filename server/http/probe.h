/* SPDX-License-Identifier: MIT */
/*
 * Recognizes requests that are answered even by a full server: health probes and metrics.
 * If they failed, an orchestrator would stop a server that only has much to do, and its
 * metrics would be missing when they are needed most.
 */
#ifndef TID_PROBE_H
#define TID_PROBE_H

#include <stdbool.h>
#include <stddef.h>

enum tid_probe {
    TID_PROBE_INCOMPLETE, /* the header is not complete yet */
    TID_PROBE_YES,        /* GET or HEAD of /healthz, /readyz or /metrics */
    TID_PROBE_NO,
};

/*
 *   head       what has been received: a request's header, or the first bytes of one
 *   base_path  with which the path may begin (forwarded.h); "" or NULL: none
 */
enum tid_probe tid_probe_find(const char *head, size_t bytes, const char *base_path);

/* Whether that is one of the paths. */
bool tid_probe_is_path(const char *path, size_t bytes);

#endif
