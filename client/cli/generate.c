/* SPDX-License-Identifier: MIT */
/* tensorinit generate: the bytes that the daemon would serve, computed here. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"

static int write_piece(void *state, const unsigned char *bytes, size_t count) {
    return cli_output_write(state, bytes, count);
}

int cli_generate(struct cli_options *options) {
    const bool to_stdout = !options->output || strcmp(options->output, "-") == 0;
    struct cli_output output;
    struct cli_tensor tensor;
    int code = cli_format_by_extension(options, options->output);
    if (code == 0) code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    if (to_stdout && isatty(STDOUT_FILENO) &&
        ti_body_format(tensor.body) != TI_FORMAT_JSON) {
        fputs("tensorinit: these are bytes, not text: give -o FILE or redirect\n",
              stderr);
        code = CLI_USAGE;
    } else if ((code = cli_output_open(&output, options->output)) == 0) {
        code = cli_tensor_read(&tensor, write_piece, &output);
        if (code == 0) {
            code = cli_output_commit(&output);
        } else {
            cli_output_abandon(&output);
        }
    }
    cli_tensor_close(&tensor);
    return code;
}
