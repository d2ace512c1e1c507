/* SPDX-License-Identifier: MIT */
/* How the client library reports a failure. */
#ifndef TIC_CLIENT_ERROR_H
#define TIC_CLIENT_ERROR_H

#include <tensorinit/status.h>

/*
 * Fills 'error' (may be NULL) and returns 'code'. Bytes that are not printable ASCII
 * become '?', because texts may quote a server.
 */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
enum ti_status
tic_fail(struct ti_error *error, enum ti_status code, const char *field,
         const char *format, ...);

/* TI_ENOMEM with its text. */
enum ti_status tic_out_of_memory(struct ti_error *error);

/* TI_EVALUE: the argument of that name is NULL. */
enum ti_status tic_missing(struct ti_error *error, const char *argument);

#endif
