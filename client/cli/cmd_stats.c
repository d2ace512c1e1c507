/* SPDX-License-Identifier: MIT */
/* tensorinit stats: statistics of the values beside the plan's, and a histogram. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "client/cli/cli.h"

#define BAR_WIDTH 50
/* The summary has more bins than a terminal has lines. */
#define ROWS 16

static void print_histogram(const struct ti_stats_summary *summary) {
    uint64_t rows[ROWS] = {0}, max = 1;
    for (int i = 0; i < TI_STATS_BINS; i++) {
        rows[i * ROWS / TI_STATS_BINS] += summary->bins[i];
    }
    for (int i = 0; i < ROWS; i++) {
        if (rows[i] > max) max = rows[i];
    }
    putchar('\n');
    for (int i = 0; i < ROWS; i++) {
        const int bar = (int)((double)rows[i] * BAR_WIDTH / (double)max + 0.5);
        /* A label of the axis, not a result: rounded. high - low may overflow. */
        const double part = (double)i / ROWS;
        printf("%12.5g ", summary->bins_low * (1 - part) + summary->bins_high * part);
        for (int k = 0; k < bar; k++) putchar('#');
        printf(" %" PRIu64 "\n", rows[i]);
    }
}

static void print_number(const char *label, double value) {
    char text[TI_NUMBER_TEXT_BYTES];
    ti_number_text(value, text);
    printf("%-10s %s\n", label, text);
}

/* A fixed pattern promises neither mean nor std. */
static void print_pair(const char *label, double value, double promised) {
    char left[TI_NUMBER_TEXT_BYTES], right[TI_NUMBER_TEXT_BYTES];
    if (isnan(promised)) {
        print_number(label, value);
        return;
    }
    ti_number_text(value, left);
    ti_number_text(promised, right);
    printf("%-10s %-24s %s\n", label, left, right);
}

static void print_summary(const struct ti_stats_summary *summary,
                          const struct ti_plan_info *info) {
    printf("%-10s %-24s %s\n", "", "values", "promised");
    printf("%-10s %" PRIu64 "\n", "count", summary->count);
    print_pair("mean", summary->mean, info->mean);
    print_pair("std", summary->std, info->std);
    print_pair("min", summary->min, info->low);
    print_pair("max", summary->max, info->high);
    print_number("skewness", summary->skewness);
    print_number("kurtosis", summary->kurtosis);
    printf("%-10s %" PRIu64 "\n", "zeros", summary->zeros);
    if (summary->has_ks) print_number("ks", summary->ks);
    if (summary->count > 0) print_histogram(summary);
}

int cli_stats(struct cli_options *options) {
    struct ti_stats_summary summary = {.struct_bytes = sizeof summary};
    struct ti_stats *stats = NULL;
    struct cli_tensor tensor;
    int code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    const struct ti_plan_info *info = ti_plan_info(tensor.plan);
    code = cli_tensor_factorize(&tensor);
    if (code == 0 && (ti_stats_make(tensor.plan, &stats) != TI_OK ||
                      ti_stats_add(stats, 0, info->elems, tensor.workspace) != TI_OK ||
                      ti_stats_get(stats, &summary) != TI_OK)) {
        code = cli_fail_memory();
    }
    if (code == 0) {
        print_summary(&summary, info);
    }
    ti_stats_free(stats);
    cli_tensor_close(&tensor);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
