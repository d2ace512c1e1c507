/* SPDX-License-Identifier: MIT */
/* tensorinit verify: compares a file with the tensor, byte by byte. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"

struct comparison {
    const char *path;
    int fd;
    unsigned char *chunk;  /* CLI_CHUNK_BYTES of the file */
    uint64_t offset;       /* bytes compared so far */
    uint64_t header_bytes; /* before the first element */
    size_t elem_bytes;     /* 0 for text */
};

/* Reads 'count' bytes, or fewer at the end of the file; -1 if that fails. */
static ssize_t read_file(struct comparison *comparison, size_t count) {
    size_t used = 0;
    while (used < count) {
        ssize_t now = read(comparison->fd, comparison->chunk + used, count - used);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return -1;
        if (now == 0) break;
        used += (size_t)now;
    }
    return (ssize_t)used;
}

/* Prints where the file differs; 'actual' is -1 at its end. */
static int differs(const struct comparison *comparison, size_t at, int expected,
                   int actual) {
    const uint64_t offset = comparison->offset + at;
    printf("%s differs at byte %" PRIu64, comparison->path, offset);
    if (offset < comparison->header_bytes) {
        printf(", in the header");
    } else if (comparison->elem_bytes > 0) {
        printf(", in element %" PRIu64,
               (offset - comparison->header_bytes) / comparison->elem_bytes);
    }
    if (actual < 0) {
        puts(": the file ends there");
    } else {
        printf(": 0x%02x, expected 0x%02x\n", actual, expected);
    }
    return CLI_DIFFERS;
}

static int compare(void *state, const unsigned char *bytes, size_t count) {
    struct comparison *comparison = state;
    const ssize_t available = read_file(comparison, count);
    if (available < 0) return cli_fail_io(comparison->path, "cannot read");
    const bool equal =
        (size_t)available == count && memcmp(comparison->chunk, bytes, count) == 0;
    for (size_t i = 0; !equal && i < count; i++) {
        if (i == (size_t)available) return differs(comparison, i, bytes[i], -1);
        if (comparison->chunk[i] != bytes[i]) {
            return differs(comparison, i, bytes[i], comparison->chunk[i]);
        }
    }
    comparison->offset += count;
    return 0;
}

static int check_end(struct comparison *comparison) {
    const ssize_t more = read_file(comparison, 1);
    if (more < 0) return cli_fail_io(comparison->path, "cannot read");
    if (more == 0) return 0;
    printf("%s is longer than the tensor, which has %" PRIu64 " bytes\n",
           comparison->path, comparison->offset);
    return CLI_DIFFERS;
}

static int compare_file(struct comparison *comparison, struct cli_tensor *tensor) {
    const struct ti_plan_info *info = ti_plan_info(tensor->plan);
    if (ti_body_has_length(tensor->body)) {
        comparison->elem_bytes = ti_dtype_bytes(info->dtype);
        comparison->header_bytes = ti_body_bytes(tensor->body) - info->body_bytes;
    }
    const int code = cli_tensor_read(tensor, compare, comparison);
    return code != 0 ? code : check_end(comparison);
}

int cli_verify(struct cli_options *options) {
    struct comparison comparison = {.path = options->file};
    struct cli_tensor tensor;
    if (!options->file) {
        fputs("tensorinit: verify needs a FILE; - is standard input\n", stderr);
        return CLI_USAGE;
    }
    cli_options_set_format(options, options->file);
    int code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    const bool from_stdin = strcmp(options->file, "-") == 0;
    comparison.fd = from_stdin ? STDIN_FILENO : open(options->file, O_RDONLY);
    comparison.chunk = malloc(CLI_CHUNK_BYTES);
    if (comparison.fd < 0) {
        code = cli_fail_io(options->file, "cannot open");
    } else if (!comparison.chunk) {
        code = cli_fail_memory();
    } else {
        code = compare_file(&comparison, &tensor);
    }
    if (code == 0 && !options->quiet) printf("%s is exactly the tensor\n", options->file);
    if (comparison.fd >= 0 && !from_stdin) close(comparison.fd);
    free(comparison.chunk);
    cli_tensor_close(&tensor);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
