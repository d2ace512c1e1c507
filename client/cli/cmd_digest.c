/* SPDX-License-Identifier: MIT */
/* tensorinit digest: SHA-256 of the bytes, as a line for sha256sum -c. */
#include <stdio.h>
#include <string.h>

#include <nettle/sha2.h>

#include "client/cli/progress.h"

static int add_chunk(void *state, const unsigned char *bytes, size_t count) {
    sha256_update(state, count, bytes);
    return 0;
}

/* As coreutils do: a line with a name that has one of these begins with a backslash. */
static void print_name(const char *name) {
    for (; *name; name++) {
        switch (*name) {
        case '\\':
            fputs("\\\\", stdout);
            break;
        case '\n':
            fputs("\\n", stdout);
            break;
        case '\r':
            fputs("\\r", stdout);
            break;
        default:
            putchar(*name);
        }
    }
}

static void print_line(const unsigned char *digest, const char *name) {
    if (strpbrk(name, "\\\n\r")) putchar('\\');
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) printf("%02x", digest[i]);
    fputs("  ", stdout);
    print_name(name);
    putchar('\n');
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
    print_line(digest, options->as_file ? options->as_file : "-");
    return cli_close_stdout();
}
