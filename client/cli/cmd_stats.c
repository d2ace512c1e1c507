/* SPDX-License-Identifier: MIT */
/* tensorinit stats: what the values really look like, and a histogram of them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "client/cli/cli.h"

#define BAR_WIDTH 50
/* Rows of the histogram; the summary has more bins than a terminal has lines. */
#define ROWS 16

static void print_histogram(const struct ti_stats_summary *summary) {
    uint64_t row[ROWS] = {0}, most = 1;
    const double width = (summary->bins_high - summary->bins_low) / ROWS;
    for (int i = 0; i < TI_STATS_BINS; i++) {
        row[i * ROWS / TI_STATS_BINS] += summary->bins[i];
    }
    for (int i = 0; i < ROWS; i++) {
        if (row[i] > most) most = row[i];
    }
    putchar('\n');
    for (int i = 0; i < ROWS; i++) {
        const int bar = (int)((double)row[i] * BAR_WIDTH / (double)most + 0.5);
        printf("%12.5g ", summary->bins_low + i * width);
        for (int k = 0; k < bar; k++) putchar('#');
        printf(" %" PRIu64 "\n", row[i]);
    }
}

/* Of fixed patterns neither mean nor std is promised. */
static void print_row(const char *label, double real, double promised) {
    if (isnan(promised)) {
        printf("%-10s %.9g\n", label, real);
    } else {
        printf("%-10s %-16.9g %.9g\n", label, real, promised);
    }
}

int cli_stats(struct cli_options *options) {
    struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
    struct ti_stats *stats = NULL;
    struct cli_tensor tensor;
    int code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    const struct ti_plan_info *info = ti_plan_info(tensor.plan);
    code = cli_tensor_set_up(&tensor);
    if (code == 0 && ti_stats_make(tensor.plan, &stats) != TI_OK)
        code = cli_fail_memory();
    if (code == 0) {
        if (ti_stats_add(stats, 0, info->elems, tensor.workspace) != TI_OK ||
            ti_stats_get(stats, &summary) != TI_OK) {
            code = cli_fail_memory();
        }
        printf("%-10s %-16s %s\n", "", "values", "promised");
        printf("%-10s %" PRIu64 "\n", "count", summary.count);
        print_row("mean", summary.mean, info->mean);
        print_row("std", summary.std, info->std);
        print_row("min", summary.min, info->low);
        print_row("max", summary.max, info->high);
        printf("%-10s %.9g\n%-10s %.9g\n", "skewness", summary.skewness, "kurtosis",
               summary.kurtosis);
        printf("%-10s %" PRIu64 "\n", "zeros", summary.zeros);
        if (summary.has_ks) printf("%-10s %.9g\n", "ks", summary.ks);
        if (summary.count > 0) print_histogram(&summary);
    }
    ti_stats_free(stats);
    cli_tensor_close(&tensor);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
