/* SPDX-License-Identifier: MIT */
/* What a response that computes holds of the server's limits and memory. */
#ifndef TID_ADMITTED_H
#define TID_ADMITTED_H

#include <stdbool.h>
#include <stddef.h>

#include "server/context.h"
#include "server/http/request.h"
#include "server/http/response.h"

/* Starts from zeros. */
struct tid_admitted {
    /* Who has a computation that counts (work/clients.h); NULL: it is none. */
    struct tid_client *client;
    struct tid_memory *memory;
    size_t taken_bytes;
};

/* Counts a computation of the client; false, with the problem in '*response', if it has too
   many. */
bool tid_admit_computation(struct tid_admitted *admitted,
                           const struct tid_context *context,
                           const struct tid_request *request,
                           struct tid_response *response);

/* Takes memory that the endpoint will allocate; false, with the problem, if it is in use. */
bool tid_admit_memory(struct tid_admitted *admitted, const struct tid_context *context,
                      size_t bytes, struct tid_response *response);

/* The problem, with a title of problems.def, that 'what' takes more memory than the server
   can ever give. */
void tid_problem_beyond_memory(struct tid_response *response, const char *title,
                               const char *field, const char *what, size_t need_bytes,
                               size_t allowed_bytes, size_t limit_bytes);

/* Gives all back. */
void tid_admitted_clear(struct tid_admitted *admitted);

#endif
