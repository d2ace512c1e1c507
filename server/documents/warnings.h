/* SPDX-License-Identifier: MIT */
/* What is probably a mistake in a valid plan: for /v1/plan. */
#ifndef TID_WARNINGS_H
#define TID_WARNINGS_H

#include <tensorinit/plan.h>

#define TID_WARNINGS_MAX 4
#define TID_WARNING_BYTES 256

struct tid_warning {
    const char *field; /* the parameter to check */
    char text[TID_WARNING_BYTES];
};

/* Writes the warnings and returns their number. */
unsigned tid_warnings(const struct ti_plan_info *info,
                      struct tid_warning warnings[TID_WARNINGS_MAX]);

#endif
