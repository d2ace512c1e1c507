/* SPDX-License-Identifier: MIT */
/* tensorinit verify: compares a file with what the parameters give, byte by byte. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"

struct comparison {
    int fd;
    const char *path;
    uint64_t at;     /* bytes compared so far */
    uint64_t header; /* bytes before the first element */
    size_t elem_bytes;
    unsigned char read[CLI_PIECE_BYTES];
};

/* As many bytes as there are, up to 'count'; -1 with the message printed. */
static ssize_t read_all(struct comparison *with, size_t count) {
    size_t have = 0;
    while (have < count) {
        ssize_t now = read(with->fd, with->read + have, count - have);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return -1;
        if (now == 0) break;
        have += (size_t)now;
    }
    return (ssize_t)have;
}

static int differs(const struct comparison *with, size_t at, int expected, int found) {
    const uint64_t byte = with->at + at;
    printf("%s differs at byte %" PRIu64, with->path, byte);
    if (byte < with->header) {
        printf(", in the header");
    } else if (with->elem_bytes > 0) {
        printf(", in element %" PRIu64, (byte - with->header) / with->elem_bytes);
    }
    if (found < 0) {
        puts(": the file ends there");
    } else {
        printf(": 0x%02x, not 0x%02x\n", found, expected);
    }
    return CLI_DIFFERS;
}

static int compare(void *state, const unsigned char *bytes, size_t count) {
    struct comparison *with = state;
    ssize_t have = read_all(with, count);
    if (have < 0) return cli_fail_io(with->path, "cannot read");
    for (size_t i = 0; i < count; i++) {
        if (i == (size_t)have) return differs(with, i, bytes[i], -1);
        if (with->read[i] != bytes[i]) return differs(with, i, bytes[i], with->read[i]);
    }
    with->at += count;
    return 0;
}

static int ends(struct comparison *with) {
    ssize_t more = read_all(with, 1);
    if (more < 0) return cli_fail_io(with->path, "cannot read");
    if (more == 0) return 0;
    printf("%s goes on after byte %" PRIu64 ", where the tensor ends\n", with->path,
           with->at);
    return CLI_DIFFERS;
}

int cli_verify(struct cli_options *options) {
    static struct comparison with;
    struct cli_tensor tensor;
    if (!options->file) {
        fputs("tensorinit: verify needs a FILE; - is standard input\n", stderr);
        return CLI_USAGE;
    }
    int code = cli_format_by_extension(options, options->file);
    if (code == 0) code = cli_tensor_open(&tensor, options);
    if (code != 0) return code;
    const bool from_stdin = strcmp(options->file, "-") == 0;
    const struct ti_plan_info *info = ti_plan_info(tensor.plan);
    with.path = options->file;
    with.fd = from_stdin ? STDIN_FILENO : open(options->file, O_RDONLY);
    if (ti_body_has_length(tensor.body)) {
        with.elem_bytes = ti_dtype_bytes(info->dtype);
        with.header = ti_body_bytes(tensor.body) - info->body_bytes;
    }
    if (with.fd < 0) {
        code = cli_fail_io(options->file, "cannot open");
    } else {
        code = cli_tensor_read(&tensor, compare, &with);
        if (code == 0) code = ends(&with);
        if (code == 0 && !options->quiet) printf("%s is exactly the tensor\n", with.path);
        if (!from_stdin) close(with.fd);
    }
    cli_tensor_close(&tensor);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
