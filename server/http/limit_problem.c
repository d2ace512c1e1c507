/* SPDX-License-Identifier: MIT */
/* See limit_problem.h. */
#include "server/http/limit_problem.h"

#include <inttypes.h>
#include <stdio.h>

#include "server/documents/problem.h"
#include "server/log.h"
#include "server/work/clock.h"

void tid_limit_problem(const struct tid_context *context, enum tid_limit limit,
                       struct tid_response *response) {
    const struct tid_limit_info *info = tid_limit_get(limit);
    char detail[256];
    snprintf(
        detail, sizeof detail, "the limit of this server is %" PRIu64 " %s (--%s); %s",
        tid_limit_max(context->limits, limit), info->what, info->option, info->advice);
    tid_problem(response, info->status, info->problem, detail, info->field);
}

bool tid_refuse_beyond(const struct tid_context *context, enum tid_limit limit,
                       uint64_t count, struct tid_response *response) {
    if (tid_limit_allows(context->limits, limit, count)) return false;
    tid_limit_count_refused(context->limits, limit, tid_clock_ms());
    tid_limit_problem(context, limit, response);
    return true;
}

void tid_limit_reached(const struct tid_context *context, enum tid_limit limit,
                       const char *client) {
    const struct tid_limit_info *info = tid_limit_get(limit);
    if (tid_limit_count_refused(context->limits, limit, tid_clock_ms()))
        tid_log(TID_LOG_WARNING,
                "status %u to client %s, and maybe to others: the limit is %" PRIu64
                " %s (--%s)",
                info->status, client, tid_limit_max(context->limits, limit), info->what,
                info->option);
}
