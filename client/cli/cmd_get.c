/* SPDX-License-Identifier: MIT */
/* tensorinit get: fetches the bytes that generate would write from a daemon. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/get_request.h"
#include "client/cli/transfer.h"

/* What --verify compares with, and the options. */
struct getting {
    const struct cli_options *options;
    struct cli_check check;
};

static int begin(void *state, const struct tic_info *info) {
    const struct getting *getting = state;
    return cli_check_begin(&getting->check, info);
}

static int check(void *state, uint64_t offset, const void *data, size_t bytes) {
    struct getting *getting = state;
    return cli_check_bytes(&getting->check, offset, data, bytes);
}

static int check_part(void *state, const struct cli_output *output,
                      struct cli_part_state *part) {
    const struct getting *getting = state;
    /* Then all of it is computed again, and not a sample. */
    if (getting->check.all) part->same_boot = false;
    return cli_check_part(getting->options, output, part);
}

static int get(struct getting *getting, struct cli_progress *progress,
               const char *query) {
    const struct cli_options *options = getting->options;
    const bool verify = options->verify != NULL;
    struct cli_transfer transfer = {.options = options,
                                    .path = options->output,
                                    .what = "tensor",
                                    .query = query,
                                    .progress = progress,
                                    .begin = verify ? begin : NULL,
                                    .check = verify ? check : NULL,
                                    .check_part = check_part,
                                    .state = getting};
    int code = cli_transfer_set_deadline(&transfer);
    if (code == 0 && verify) code = cli_check_open(&getting->check, options);
    if (code == 0) code = cli_get_make_request(options, query, &transfer.request);
    if (code == 0) code = cli_transfer_run(&transfer);
    cli_progress_end(progress, code == 0);
    cli_check_close(&getting->check);
    tic_request_free(transfer.request);
    return code;
}

int cli_get(struct cli_options *options) {
    struct getting getting = {.options = options};
    struct cli_progress progress = {.begun = false};
    cli_options_set_format(options, options->output);
    int code = cli_output_check(options->output, cli_options_text(options));
    if (code != 0) return code;
    if (options->go_on && (!options->output || strcmp(options->output, "-") == 0)) {
        fputs("tensorinit: --continue needs -o FILE\n", stderr);
        return CLI_USAGE;
    }
    cli_output_handle_sigpipe();
    code = cli_progress_init(&progress, options);
    char *query = cli_options_query(options);
    if (!query) code = cli_fail_memory();
    if (code == 0) code = get(&getting, &progress, query);
    free(query);
    return code;
}
