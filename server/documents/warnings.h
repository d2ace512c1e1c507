/* SPDX-License-Identifier: MIT */
/*
 * What is odd about a plan, though nothing is wrong with it: for /v1/plan.
 */
#ifndef TID_WARNINGS_H
#define TID_WARNINGS_H

#include <tensorinit/plan.h>

#define TID_WARNINGS_MAX 4
#define TID_WARNING_BYTES 256

/* 'field': the parameter to look at. */
struct tid_warning {
    const char *field;
    char text[TID_WARNING_BYTES];
};

/* Writes the warnings and returns how many there are. */
unsigned tid_warnings(const struct ti_plan_info *info,
                      struct tid_warning warnings[TID_WARNINGS_MAX]);

#endif
