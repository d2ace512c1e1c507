/* SPDX-License-Identifier: MIT */
/* tensorinit plan: prints what would be generated, one fact a line. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "client/cli/json_print.h"

static void print_shape(const char *label, unsigned rank, const uint64_t *shape) {
    printf("%-13s ", label);
    if (rank == 0) printf("scalar");
    for (unsigned i = 0; i < rank; i++) printf(i ? ",%" PRIu64 : "%" PRIu64, shape[i]);
    putchar('\n');
}

static void print_number(const char *label, double value) {
    char text[TI_NUMBER_TEXT_BYTES];
    if (!isfinite(value)) return;
    ti_number_text(value, text);
    printf("%-13s %s\n", label, text);
}

int cli_plan(struct cli_options *options) {
    struct cli_tensor tensor;
    int code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    if (options->as_json) {
        code = cli_json_plan(&tensor);
        cli_tensor_close(&tensor);
        return code != 0 ? code : cli_close_stdout();
    }
    const struct ti_plan_info *info = ti_plan_info(tensor.plan);
    printf("%-13s %s\n", "spec", TI_SPEC_NAME);
    printf("%-13s %s\n", "query", info->query);
    printf("%-13s %s\n", "etag", info->etag);
    printf("%-13s %s\n", "scheme", info->scheme);
    if (*info->framework_name) {
        printf("%-13s %s\n", "framework_name", info->framework_name);
    }
    printf("%-13s %s\n", "dtype", ti_dtype_name(info->dtype));
    printf("%-13s %s\n", "format", ti_format_name(ti_body_format(tensor.body)));
    print_shape("shape", info->rank, info->shape);
    print_shape("full_shape", info->full_rank, info->full_shape);
    printf("%-13s %" PRIu64 "\n", "elems", info->elems);
    if (ti_body_has_length(tensor.body)) {
        printf("%-13s %" PRIu64 "\n", "bytes", ti_body_bytes(tensor.body));
    }
    printf("%-13s %" PRIu64 "\n", "seed", info->seed);
    printf("%-13s 0x%016" PRIx64 "\n", "stream", info->stream);
    printf("%-13s %s\n", "distribution", ti_distribution_name(info->distribution));
    if (info->has_fan_in) printf("%-13s %" PRIu64 "\n", "fan_in", info->fan_in);
    if (info->has_fan_out) printf("%-13s %" PRIu64 "\n", "fan_out", info->fan_out);
    if (info->has_gain) print_number("gain", info->gain);
    print_number("mean", info->mean);
    print_number("std", info->std);
    print_number("low", info->low);
    print_number("high", info->high);
    cli_tensor_close(&tensor);
    return cli_close_stdout();
}
