/* SPDX-License-Identifier: MIT */
/* tensorinit generate: computes the bytes that the daemon would serve. */
#include "client/cli/progress.h"

static int write_chunk(void *state, const unsigned char *bytes, size_t count) {
    return cli_output_write(state, bytes, count);
}

int cli_generate(struct cli_options *options) {
    struct cli_output output;
    struct cli_tensor tensor;
    struct cli_progress progress = {.begun = false};
    cli_options_set_format(options, options->output);
    int code = cli_progress_init(&progress, options);
    if (code == 0) code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    const bool text = ti_format_is_text(ti_body_format(tensor.body));
    if ((code = cli_output_check(options->output, text)) == 0 &&
        (code = cli_output_open(&output, options->output, false)) == 0) {
        code = cli_progress_read(&progress, &tensor, write_chunk, &output);
        if (code == 0) {
            code = cli_output_commit(&output);
        } else {
            cli_output_abandon(&output);
        }
    }
    cli_tensor_close(&tensor);
    return code;
}
