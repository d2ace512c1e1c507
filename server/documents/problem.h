/* SPDX-License-Identifier: MIT */
/* Error responses: application/problem+json (RFC 9457). */
#ifndef TID_PROBLEM_H
#define TID_PROBLEM_H

#include <tensorinit/status.h>

#include "server/http/request.h"
#include "server/http/response.h"

/*
 * Initializes '*response' with a problem document. A response that owns something must
 * have been cleared before.
 *
 *   status  503 and 429 come with Retry-After
 *   title   the kind of problem: a static string, the title of a row of problems.def
 *   detail  a sentence about this request
 *   field   the parameter at fault, or ""
 *
 * Never fails: if memory runs out, the document is tid_problem_no_memory()'s.
 */
void tid_problem(struct tid_response *response, unsigned status, const char *title,
                 const char *detail, const char *field);

/*
 * Completes the document of a problem, before it is sent, by what is known of its request:
 * where this server's documents are, and the request's id. Does nothing to other
 * responses, nor a second time.
 */
void tid_problem_render(struct tid_response *response, const struct tid_request *request);

/* The same as tid_problem() for an error of the core library. */
void tid_problem_of(struct tid_response *response, const struct ti_error *error);

/* Status 503: what was requested may be possible later. */
void tid_problem_busy(struct tid_response *response, const char *detail);

/* The detail if the memory of --memory is taken. */
#define TID_PROBLEM_MEMORY_IN_USE "All memory for responses is in use; try again later."

/* Status 503 when memory has run out; allocates nothing. */
void tid_problem_no_memory(struct tid_response *response);

/* A kind of problem: a row of problems.def. */
struct tid_problem_info {
    unsigned status;
    const char *title, *explanation;
};

enum {
    TID_PROBLEM_COUNT = 0
#define TID_PROBLEM(status, title, explanation) +1
#include "server/documents/problems.def"
#undef TID_PROBLEM
};

/* Row 'index'; NULL beyond the last. */
const struct tid_problem_info *tid_problem_get(unsigned index);

/* Writes the last segment of a kind's type: "invalid-parameter-value". */
#define TID_PROBLEM_NAME_BYTES 64
size_t tid_problem_name(const char *title, char name[TID_PROBLEM_NAME_BYTES]);

/* The same as an error of the core: fills 'error' and returns TI_ENOMEM. */
enum ti_status tid_error_no_memory(struct ti_error *error);

#endif
