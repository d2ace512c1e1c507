/* SPDX-License-Identifier: MIT */
/* tensorinit digest: SHA-256 of the bytes, as a line for sha256sum -c. */
#include <stdio.h>

#include <nettle/sha2.h>

#include "client/cli/progress.h"

static int add_chunk(void *state, const unsigned char *bytes, size_t count) {
    sha256_update(state, count, bytes);
    return 0;
}

int cli_digest(struct cli_options *options) {
    unsigned char digest[SHA256_DIGEST_SIZE];
    struct cli_tensor tensor;
    struct cli_progress progress = {.begun = false};
    struct sha256_ctx hash;
    cli_options_set_format(options, options->as_file);
    int code = cli_progress_init_reader(&progress, options);
    if (code == 0) code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    sha256_init(&hash);
    code = cli_progress_read(&progress, &tensor, add_chunk, &hash);
    cli_tensor_close(&tensor);
    if (code != 0) return code;
    sha256_digest(&hash, sizeof digest, digest);
    cli_print_digest(digest, options->as_file ? options->as_file : "-");
    return cli_close_stdout();
}
