/* SPDX-License-Identifier: MIT */
/* The server's problem documents. */
#ifndef CLIENT_JSON_H
#define CLIENT_JSON_H

#include <stddef.h>

#include <tensorinit/status.h>

/*
 * Makes an error of a refusal: 'http_status' and the body that came with it, which need
 * not be a problem document or anything at all. Returns the code, never TI_OK.
 */
enum ti_status tic_problem(int http_status, const char *body, size_t body_bytes,
                           struct ti_error *error);

#endif
