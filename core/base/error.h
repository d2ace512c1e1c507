/* SPDX-License-Identifier: MIT */
/* Filling a struct ti_error, for all functions of the core that can fail. */
#ifndef TI_ERROR_H
#define TI_ERROR_H

#include <tensorinit/status.h>

/*
 * Fills 'error' (which may be NULL) and returns 'code'. 'field' may be NULL. The text is
 * truncated to fit; bytes that are not printable ASCII, from quoted input, become '?'.
 */
__attribute__((format(printf, 4, 5))) enum ti_status
ti_error_set(struct ti_error *error, enum ti_status code, const char *field,
             const char *format, ...);

/* Fills 'error' (which may be NULL) and returns TI_ENOMEM. */
enum ti_status ti_error_nomem(struct ti_error *error);

#endif
