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

/* How a problem says that memory does not suffice. */
struct tid_memory_words {
    const char *title;  /* of problems.def */
    const char *field;  /* the parameter at fault, or "" */
    const char *what;   /* takes the memory */
    const char *advice; /* is appended */
};

/*
 * Whether the server can ever give 'bytes' to a response, and besides 'peak_bytes' to a
 * factorization, 0 if there is none. If not, the problem is in '*response': what can never fit
 * is no fault of the server.
 */
bool tid_check_memory(const struct tid_memory *memory, size_t bytes, size_t peak_bytes,
                      const struct tid_memory_words *words,
                      struct tid_response *response);

/* Gives all back. */
void tid_admitted_clear(struct tid_admitted *admitted);

#endif
