/* SPDX-License-Identifier: MIT */
/* 'tensorinitd health': asks a running daemon whether it is alive, for probes of
   containers, whose images may have no other HTTP client. */
#ifndef TID_HEALTH_H
#define TID_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "server/config.h"

/*
 * Requests /healthz of the daemon that has this configuration, at the first address of
 * --admin-listen, otherwise at the first that it listens on. False if the response is not
 * 200 within a few seconds; 'why' then says what happened.
 */
bool tid_health_check(const struct tid_config *config, char *why, size_t why_bytes);

#endif
