/* SPDX-License-Identifier: MIT */
/*
 * Error answers: application/problem+json, RFC 9457.
 */
#ifndef TID_PROBLEM_H
#define TID_PROBLEM_H

#include <tensorinit/status.h>

#include "server/http/response.h"

/*
 * Makes '*reply' a problem document. It is initialized here; a reply that owns something
 * must have been cleared before.
 *
 *   title   kind of problem, lower case, without a full stop; the document's 'type' is
 *           /problems/ and these words joined by dashes
 *   detail  a sentence about this occurrence
 *   field   the parameter at fault, or "" if none is
 *
 * Never fails: without memory the document is a fixed one.
 */
void tid_problem(struct tid_response *response, unsigned status, const char *title,
                 const char *detail, const char *field);

/* The same for a failure of the core library. */
void tid_problem_of(struct tid_response *response, const struct ti_error *error);

#endif
