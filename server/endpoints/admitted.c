/* SPDX-License-Identifier: MIT */
/* See admitted.h. */
#include "server/endpoints/admitted.h"

#include <stdio.h>

#include "server/documents/problem.h"
#include "server/http/client_name.h"
#include "server/http/limit_problem.h"
#include "server/work/clients.h"
#include "server/work/memory.h"

bool tid_admit_computation(struct tid_admitted *admitted,
                           const struct tid_context *context,
                           const struct tid_request *request,
                           struct tid_response *response) {
    char name[TID_CLIENT_NAME_BYTES];
    tid_client_name_of(request, context->trusted_proxies, name);
    struct tid_client *client = tid_clients_get(context->clients, name);
    if (!client) {
        tid_problem_no_memory(response);
        return false;
    }
    const enum tid_admission admission =
        tid_client_begin(client, TID_CLIENT_COMPUTATIONS,
                         tid_limit_max(context->limits, TID_LIMIT_client_computations),
                         tid_limit_max(context->limits, TID_LIMIT_computations));
    if (admission == TID_ADMITTED) {
        admitted->client = client;
        return true;
    }
    tid_client_release(client);
    const enum tid_limit limit = admission == TID_CLIENT_FULL
                                     ? TID_LIMIT_client_computations
                                     : TID_LIMIT_computations;
    tid_limit_reached(context, limit, name);
    tid_limit_problem(context, limit, response);
    return false;
}

bool tid_admit_memory(struct tid_admitted *admitted, const struct tid_context *context,
                      size_t bytes, struct tid_response *response) {
    if (bytes > 0 && !tid_memory_take(context->memory, TID_MEMORY_RESPONSE, bytes)) {
        tid_problem_busy(response, TID_PROBLEM_MEMORY_IN_USE);
        return false;
    }
    admitted->memory = context->memory;
    admitted->taken_bytes = bytes;
    return true;
}

/* A size as users write it, such as "12 MiB": a number from 10 to 10239. */
struct size_text {
    char text[32];
};

static struct size_text size_text(size_t bytes, bool round_up) {
    static const char *const units[] = {"bytes", "KiB", "MiB"};
    struct size_text size;
    unsigned unit = 0;
    bool rest = false;
    for (; unit < 2 && bytes >= 10240; unit++) {
        rest |= bytes % 1024 != 0;
        bytes /= 1024;
    }
    snprintf(size.text, sizeof size.text, "%zu %s", bytes + (round_up && rest),
             units[unit]);
    return size;
}

static bool refuse(struct tid_response *response, const struct tid_memory_words *words,
                   size_t need_bytes, size_t allowed_bytes, size_t limit_bytes) {
    char detail[256];
    snprintf(
        detail, sizeof detail,
        "%s takes %s of memory, and this server allows %s, of %s in all (--memory)%s",
        words->what, size_text(need_bytes, true).text,
        size_text(allowed_bytes, false).text, size_text(limit_bytes, false).text,
        words->advice);
    tid_problem(response, 400, words->title, detail, words->field);
    return false;
}

bool tid_check_memory(const struct tid_memory *memory, size_t bytes, size_t peak_bytes,
                      const struct tid_memory_words *words,
                      struct tid_response *response) {
    const size_t limit = tid_memory_max(memory, TID_MEMORY_RESPONSE);
    size_t allowed = tid_memory_max(memory, tid_memory_use_of(memory, peak_bytes));
    if (bytes > limit) return refuse(response, words, bytes, limit, limit);
    if (allowed > limit - bytes) allowed = limit - bytes;
    return peak_bytes <= allowed || refuse(response, words, peak_bytes, allowed, limit);
}

void tid_admitted_clear(struct tid_admitted *admitted) {
    if (admitted->client) tid_client_end(admitted->client, TID_CLIENT_COMPUTATIONS);
    tid_client_release(admitted->client);
    if (admitted->taken_bytes > 0)
        tid_memory_give(admitted->memory, TID_MEMORY_RESPONSE, admitted->taken_bytes);
    *admitted = (struct tid_admitted){0};
}
