/* SPDX-License-Identifier: MIT */
/* Comparing a file with the bytes that it should have: see file_compare.h. */
#include "client/cli/file_compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads 'count' bytes, or fewer at the end of the file; -1 if that fails. */
static ssize_t read_file(const struct cli_comparison *comparison, size_t count) {
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
static int differs(const struct cli_comparison *comparison, size_t at, int expected,
                   int actual) {
    const uint64_t offset = comparison->offset + at;
    cli_clear_line();
    fprintf(comparison->out, "%s%s differs at byte %" PRIu64, comparison->prefix,
            comparison->path, offset);
    comparison->print_place(comparison->out, comparison->state, offset);
    if (actual < 0) {
        fputs(": the file ends there\n", comparison->out);
    } else {
        fprintf(comparison->out, ": 0x%02x, expected 0x%02x\n", actual, expected);
    }
    return CLI_DIFFERS;
}

int cli_compare_next(struct cli_comparison *comparison, const unsigned char *bytes,
                     size_t count) {
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

int cli_compare_end(const struct cli_comparison *comparison, const char *what) {
    const ssize_t more = read_file(comparison, 1);
    if (more < 0) return cli_fail_io(comparison->path, "cannot read");
    if (more == 0) return 0;
    cli_clear_line();
    fprintf(comparison->out, "%s%s is longer than %s%" PRIu64 " bytes\n",
            comparison->prefix, comparison->path, what, comparison->offset);
    return CLI_DIFFERS;
}
