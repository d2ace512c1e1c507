/* SPDX-License-Identifier: MIT */
/* tensorinit digest: SHA-256 of the bytes, in sha256sum's format for standard input. */
#include <stdio.h>

#include <nettle/sha2.h>

#include "client/cli/cli.h"

static int add_chunk(void *state, const unsigned char *bytes, size_t count) {
    sha256_update(state, count, bytes);
    return 0;
}

int cli_digest(struct cli_options *options) {
    unsigned char digest[SHA256_DIGEST_SIZE];
    struct cli_tensor tensor;
    struct sha256_ctx hash;
    int code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    sha256_init(&hash);
    code = cli_tensor_read(&tensor, add_chunk, &hash);
    cli_tensor_close(&tensor);
    if (code != 0) return code;
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) printf("%02x", digest[i]);
    puts("  -");
    return cli_close_stdout();
}
