/* SPDX-License-Identifier: MIT */
/* Error responses: application/problem+json (RFC 9457). */
#ifndef TID_PROBLEM_H
#define TID_PROBLEM_H

#include <tensorinit/status.h>

#include "server/http/response.h"

/*
 * Initializes '*response' with a problem document. A response that owns something must
 * have been cleared before.
 *
 *   title   the kind of problem, lower case, without a full stop; the document's 'type'
 *           is /problems/ and the words of the title joined by dashes
 *   detail  a sentence about this request
 *   field   the parameter at fault, or ""
 *
 * Never fails: if memory runs out, the document is tid_problem_no_memory()'s.
 */
void tid_problem(struct tid_response *response, unsigned status, const char *title,
                 const char *detail, const char *field);

/* The same for an error of the core library. */
void tid_problem_of(struct tid_response *response, const struct ti_error *error);

/* Status 503, with Retry-After: what was requested may be possible later. */
void tid_problem_busy(struct tid_response *response, const char *detail);

/* The detail if the memory of --memory is taken. */
#define TID_PROBLEM_MEMORY_IN_USE "All memory for responses is in use; try again later."

/* Status 503, with Retry-After, when memory has run out; allocates nothing. */
void tid_problem_no_memory(struct tid_response *response);

/* The same as an error of the core: fills 'error' and returns TI_ENOMEM. */
enum ti_status tid_error_no_memory(struct ti_error *error);

#endif
