/* SPDX-License-Identifier: MIT */
/* Filling a struct ti_error. */
#ifndef TIM_MANIFEST_ERROR_H
#define TIM_MANIFEST_ERROR_H

#include <tensorinit/status.h>

/*
 * Fills 'error' and returns 'code'. The text is truncated to fit; bytes that are not printable
 * ASCII, from quoted input, become '?'.
 */
__attribute__((format(printf, 4, 5))) enum ti_status tim_error(struct ti_error *error,
                                                               enum ti_status code,
                                                               const char *field,
                                                               const char *format, ...);

#endif
