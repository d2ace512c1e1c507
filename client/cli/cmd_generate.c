/* SPDX-License-Identifier: MIT */
/* tensorinit generate: computes the bytes that the daemon would serve. */
#include "client/cli/parallel_write.h"

static int write_chunk(void *state, const unsigned char *bytes, size_t count) {
    return cli_output_write(state, bytes, count);
}

static int write_in_parallel(struct cli_progress *progress, struct cli_tensor *tensor,
                             const struct cli_output *output) {
    const struct cli_source source = cli_tensor_source(tensor);
    int code = cli_part_reserve(output->fd, output->path, source.bytes);
    if (code != 0) return code;
    cli_progress_begin(progress, 0, source.bytes);
    code = cli_tensor_factorize(tensor);
    if (code == 0) code = cli_parallel_write(&source, output, 0, progress);
    cli_progress_end(progress, code == 0);
    return code;
}

/* Only a file can be written in any order, and only what is no text has a known length. */
static int write_tensor(struct cli_progress *progress, struct cli_tensor *tensor,
                        struct cli_output *output) {
    if (output->is_part && ti_body_has_length(tensor->body)) {
        return write_in_parallel(progress, tensor, output);
    }
    return cli_progress_read(progress, tensor, write_chunk, output);
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
        code = write_tensor(&progress, &tensor, &output);
        if (code == 0) {
            code = cli_output_commit(&output);
        } else {
            cli_output_abandon(&output);
        }
    }
    cli_tensor_close(&tensor);
    return code;
}
