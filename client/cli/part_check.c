/* SPDX-License-Identifier: MIT */
/*
 * Recomputes what FILE.part has. After a crash of the machine all of it: what was written
 * last may be lost. Otherwise a sample.
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

static int differs(const struct cli_output *output, uint64_t offset) {
    fprintf(stderr,
            "tensorinit: %s differs from the tensor at byte %" PRIu64
            ": remove it, or get the tensor without --continue\n",
            output->part_path, offset);
    return CLI_EMISMATCH;
}

/* Compares bytes [first, end), at most CLI_CHUNK_BYTES; 'actual' is as large. */
static int compare(const struct cli_output *output, struct cli_tensor *tensor,
                   uint64_t first, uint64_t end, unsigned char *actual) {
    const size_t bytes = (size_t)(end - first);
    for (size_t used = 0; used < bytes;) {
        ssize_t now =
            pread(output->fd, actual + used, bytes - used, (off_t)(first + used));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return cli_fail_io(output->part_path, "cannot read");
        if (now == 0) return differs(output, first + used);
        used += (size_t)now;
    }
    if (ti_body_read(tensor->body, first, bytes, tensor->chunk, tensor->workspace) !=
        TI_OK) {
        return differs(output, first);
    }
    if (memcmp(actual, tensor->chunk, bytes) == 0) return 0;
    size_t at = 0;
    while (actual[at] == tensor->chunk[at]) at++;
    return differs(output, first + at);
}

static int compare_all(const struct cli_output *output, struct cli_tensor *tensor,
                       const struct cli_range *range, unsigned char *actual) {
    int code = 0;
    for (uint64_t at = range->first, end; at < range->end && code == 0; at = end) {
        end = range->end - at > CLI_CHUNK_BYTES ? at + CLI_CHUNK_BYTES : range->end;
        code = compare(output, tensor, at, end, actual);
    }
    return code;
}

static int compare_sample(const struct cli_output *output, struct cli_tensor *tensor,
                          const struct cli_range *range, unsigned char *actual) {
    const uint64_t bytes = range->end - range->first;
    if (bytes <= WINDOWS * WINDOW_BYTES) {
        return compare_all(output, tensor, range, actual);
    }
    const uint64_t last = range->end - WINDOW_BYTES;
    int code = 0;
    for (unsigned i = 0; i < WINDOWS && code == 0; i++) {
        const uint64_t step = (last - range->first) / (WINDOWS - 1);
        const uint64_t at = i == WINDOWS - 1 ? last : range->first + step * i;
        code = compare(output, tensor, at, at + WINDOW_BYTES, actual);
    }
    return code;
}

static int compare_ranges(const struct cli_output *output, struct cli_tensor *tensor,
                          const struct cli_part_state *state) {
    if (state->done_count == 0) return 0; /* a factorization would be for nothing */
    unsigned char *actual = malloc(CLI_CHUNK_BYTES);
    int code = actual ? cli_tensor_factorize(tensor) : cli_fail_memory();
    for (size_t i = 0; i < state->done_count && code == 0; i++) {
        code = (state->same_boot ? compare_sample : compare_all)(output, tensor,
                                                                 &state->done[i], actual);
    }
    free(actual);
    return code;
}

int cli_part_check(const struct cli_options *options, const struct cli_output *output,
                   const struct cli_part_state *state) {
    struct cli_options local = *options;
    struct cli_tensor tensor;
    /* The server's warnings are printed, and not these as well. */
    local.quiet = true;
    local.spec = NULL;
    if (strcmp(state->spec, TI_SPEC_NAME) != 0) {
        fprintf(stderr,
                "tensorinit: %s is of spec %s, which cannot be checked here: remove it, "
                "or get the tensor without --continue\n",
                output->part_path, state->spec);
        return CLI_EMISMATCH;
    }
    int code = cli_options_make_spec(&local);
    if (code == 0 && (code = cli_tensor_open(&tensor, &local)) == 0) {
        if (!ti_body_has_length(tensor.body) ||
            ti_body_bytes(tensor.body) != state->total_bytes) {
            code = differs(output, 0);
        } else {
            code = compare_ranges(output, &tensor, state);
        }
        cli_tensor_close(&tensor);
    }
    ti_spec_free(local.spec);
    return code;
}
