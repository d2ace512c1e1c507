/* SPDX-License-Identifier: MIT */
/* A plot of several curves on a logarithmic axis, in characters. */
#ifndef TIC_LOG_PLOT_H
#define TIC_LOG_PLOT_H

#include <stddef.h>

/*
 * Numbers of 0 or more, which may be infinite; each array has one for each point. Where 'low'
 * is below 'high', the range is shown as well.
 */
struct cli_curve {
    const double *middle, *low, *high;
    char mark;
};

/*
 * Prints 'count' points of each curve from left to right, a '*' where several curves are, in
 * at most cli_columns(). 'point' is what the points are: "layer". Returns an exit code.
 */
int cli_log_plot(const struct cli_curve *curves, size_t curve_count, size_t count,
                 const char *point);

#endif
