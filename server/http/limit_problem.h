/* SPDX-License-Identifier: MIT */
/* Refuses what exceeds a limit of work/limits.h: a problem, a count and a line in the log. */
#ifndef TID_LIMIT_PROBLEM_H
#define TID_LIMIT_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

#include "server/context.h"
#include "server/http/response.h"
#include "server/work/limits.h"

/* True, with the problem in '*response', if 'count' exceeds the limit. */
bool tid_refuse_beyond(const struct tid_context *context, enum tid_limit limit,
                       uint64_t count, struct tid_response *response);

/* A limit has been reached: counts it, and logs that with the client's name. */
void tid_limit_reached(const struct tid_context *context, enum tid_limit limit,
                       const char *client);

/* Initializes '*response' with the problem of a limit that has been reached. */
void tid_limit_problem(const struct tid_context *context, enum tid_limit limit,
                       struct tid_response *response);

#endif
