/* SPDX-License-Identifier: MIT */
/*
 * Compares what FILE.part has with what it should have. After a crash of the machine all of
 * it: what was written last may be lost. Otherwise a sample.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* Windows of a range that are recomputed, its first and last bytes among them. */
#define WINDOWS 64
#define WINDOW_BYTES ((uint64_t)4096)

/* The file, what it should have, and buffers of CLI_CHUNK_BYTES. */
struct comparison {
    int fd;
    const char *path;
    const struct cli_expected *expected;
    unsigned char *actual, *computed;
};

static int differs(const struct comparison *comparison, uint64_t offset) {
    const char *what = comparison->expected->what;
    cli_clear_line();
    fprintf(stderr,
            "tensorinit: %s differs from the %s at byte %" PRIu64
            ": remove it, or get the %s without --continue\n",
            comparison->path, what, offset, what);
    return CLI_EMISMATCH;
}

static int has_length(const struct comparison *comparison, uint64_t bytes) {
    const char *what = comparison->expected->what;
    cli_clear_line();
    fprintf(stderr,
            "tensorinit: %s is of %" PRIu64 " bytes, the %s has %" PRIu64
            ": remove it, or get the %s without --continue\n",
            comparison->path, bytes, what, comparison->expected->total_bytes, what);
    return CLI_EMISMATCH;
}

/* Compares bytes [first, end), at most CLI_CHUNK_BYTES. */
static int compare(const struct comparison *comparison, uint64_t first, uint64_t end) {
    const struct cli_expected *expected = comparison->expected;
    const size_t bytes = (size_t)(end - first);
    unsigned char *actual = comparison->actual;
    for (size_t used = 0; used < bytes;) {
        ssize_t now =
            pread(comparison->fd, actual + used, bytes - used, (off_t)(first + used));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return cli_fail_io(comparison->path, "cannot read");
        if (now == 0) return differs(comparison, first + used);
        used += (size_t)now;
    }
    const int code = expected->read(expected->state, first, bytes, comparison->computed);
    if (code != 0 || memcmp(actual, comparison->computed, bytes) == 0) return code;
    size_t at = 0;
    while (actual[at] == comparison->computed[at]) at++;
    return differs(comparison, first + at);
}

static int compare_all(const struct comparison *comparison,
                       const struct cli_range *range) {
    int code = 0;
    for (uint64_t at = range->first, end; at < range->end && code == 0; at = end) {
        end = range->end - at > CLI_CHUNK_BYTES ? at + CLI_CHUNK_BYTES : range->end;
        code = compare(comparison, at, end);
    }
    return code;
}

static int compare_sample(const struct comparison *comparison,
                          const struct cli_range *range) {
    const uint64_t bytes = range->end - range->first;
    if (bytes <= WINDOWS * WINDOW_BYTES) {
        return compare_all(comparison, range);
    }
    const uint64_t last = range->end - WINDOW_BYTES;
    int code = 0;
    for (unsigned i = 0; i < WINDOWS && code == 0; i++) {
        const uint64_t step = (last - range->first) / (WINDOWS - 1);
        const uint64_t at = i == WINDOWS - 1 ? last : range->first + step * i;
        code = compare(comparison, at, at + WINDOW_BYTES);
    }
    return code;
}

int cli_part_compare(int fd, const char *path, const struct cli_part_state *state,
                     const struct cli_expected *expected) {
    struct comparison comparison = {.fd = fd,
                                    .path = path,
                                    .expected = expected,
                                    .actual = malloc(CLI_CHUNK_BYTES),
                                    .computed = malloc(CLI_CHUNK_BYTES)};
    int code = comparison.actual && comparison.computed ? 0 : cli_fail_memory();
    if (code == 0 && state->total_bytes != expected->total_bytes) {
        code = has_length(&comparison, state->total_bytes);
    }
    for (size_t i = 0; i < state->done_count && code == 0; i++) {
        code = (state->same_boot ? compare_sample : compare_all)(&comparison,
                                                                 &state->done[i]);
    }
    free(comparison.actual);
    free(comparison.computed);
    return code;
}
