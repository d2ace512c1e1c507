/* SPDX-License-Identifier: MIT */
/* The server's problem documents. */
#ifndef TIC_PROBLEM_JSON_H
#define TIC_PROBLEM_JSON_H

#include <stddef.h>

#include <tensorinit/status.h>

/*
 * Fills 'error' (may be NULL) from an HTTP status and its body, which need not be a
 * problem document and may be empty. Returns the code, never TI_OK.
 */
enum ti_status tic_problem(int http_status, const char *body, size_t body_bytes,
                           struct ti_error *error);

#endif
