/* SPDX-License-Identifier: MIT */
/* Refuses what exceeds a limit of work/limits.h: a problem, a count and a line in the log. */
#ifndef TID_REFUSAL_H
#define TID_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "server/context.h"
#include "server/http/response.h"
#include "server/work/limits.h"

/* True, with the problem in '*response', if 'count' exceeds the limit. */
bool tid_refuse_beyond(const struct tid_context *context, enum tid_limit limit,
                       uint64_t count, struct tid_response *response);

/* The problem of a limit that has been reached; 'client' is the name for the log. */
void tid_refuse(const struct tid_context *context, enum tid_limit limit,
                const char *client, struct tid_response *response);

#endif
