/* SPDX-License-Identifier: MIT */
/*
 * What is probably a mistake in a valid request, for the person who wrote it: the server
 * sends it as Tensor-Warning, the command prints it.
 */
#ifndef TENSORINIT_WARNINGS_H
#define TENSORINIT_WARNINGS_H

#include <tensorinit/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Max number of warnings about a plan, and max bytes of one, with the NUL. */
#define TI_WARNINGS_MAX 6
#define TI_WARNING_BYTES 480

struct ti_warning {
    /* the parameter to check, a static string */
    const char *field;
    /* one or two sentences in plain ASCII. A change that it offers, as 'fan_in=512', is
       valid in the same request */
    char text[TI_WARNING_BYTES];
};

/*
 * Writes the warnings about a plan.
 *
 *   spec   the one that the plan was made from
 *
 * Returns their number, 0 for most plans. Allocates memory for a shape that looks as if
 * its fans were others; if there is none, it does without these warnings.
 */
TI_API unsigned ti_plan_warnings(const struct ti_spec *spec, const struct ti_plan *plan,
                                 struct ti_warning warnings[TI_WARNINGS_MAX]);

#ifdef __cplusplus
}
#endif

#endif
