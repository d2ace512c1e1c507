/* SPDX-License-Identifier: MIT */
/*
 * get --verify: recomputes what a server sends, before it is written. Without "all" it is
 * the first block, and a window of each other block at a place that no server can know: a
 * wrong tensor is found, a single wrong bit perhaps not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/get_request.h"

/* Parts of an earlier transfer -------------------------------------------------------- */

static int read_tensor(void *state, uint64_t offset, size_t count, unsigned char *out) {
    struct cli_tensor *tensor = state;
    const enum ti_status status =
        ti_body_read(tensor->body, offset, count, out, tensor->workspace);
    return status == TI_OK ? 0 : cli_fail_memory();
}

static int compare_part(struct cli_tensor *tensor, const struct cli_output *output,
                        const struct cli_part_state *part) {
    const bool has_length = ti_body_has_length(tensor->body);
    const struct cli_expected expected = {
        .what = "tensor",
        .total_bytes = has_length ? ti_body_bytes(tensor->body) : UINT64_MAX,
        .read = read_tensor,
        .state = tensor};
    /* Of nothing, a factorization would be in vain. */
    const int code = part->done_count > 0 ? cli_tensor_factorize(tensor) : 0;
    return code != 0 ? code
                     : cli_part_compare(output->fd, output->part_path, part, &expected);
}

int cli_check_part(const struct cli_options *options, const struct cli_output *output,
                   const struct cli_part_state *part) {
    struct cli_options local = *options;
    struct cli_tensor tensor;
    /* The server's warnings are printed, and not these as well. */
    local.quiet = true;
    local.spec = NULL;
    if (strcmp(part->spec, TI_SPEC_NAME) != 0) {
        fprintf(stderr,
                "tensorinit: %s is of spec %s, which cannot be checked here: remove it, "
                "or get the tensor without --continue\n",
                output->part_path, part->spec);
        return CLI_EMISMATCH;
    }
    int code = cli_options_make_spec(&local);
    if (code == 0 && (code = cli_tensor_open(&tensor, &local)) == 0) {
        code = compare_part(&tensor, output, part);
        cli_tensor_close(&tensor);
    }
    ti_spec_free(local.spec);
    return code;
}

/* What is received -------------------------------------------------------------------------- */

#define BLOCK_BYTES ((uint64_t)256 << 10)
#define WINDOW_BYTES ((uint64_t)4 << 10)

int cli_check_open(struct cli_check *check, const struct cli_options *options) {
    struct cli_options local = *options;
    struct timespec now;
    if (*options->verify && strcmp(options->verify, "all") != 0) {
        fprintf(stderr, "tensorinit: --verify: '%s' is not all\n", options->verify);
        return CLI_USAGE;
    }
    if (cli_options_text(options)) {
        fputs("tensorinit: --verify: the length of json is not known in advance; use the "
              "verb verify\n",
              stderr);
        return CLI_USAGE;
    }
    /* The server's warnings are printed, and not these as well. */
    local.quiet = true;
    local.spec = NULL;
    int code = cli_options_make_spec(&local);
    check->spec = local.spec;
    if (code == 0) code = cli_tensor_open(&check->tensor, &local);
    check->opened = code == 0;
    if (code == 0) code = cli_tensor_factorize(&check->tensor);
    check->all = *options->verify != '\0';
    clock_gettime(CLOCK_REALTIME, &now);
    check->seed = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    return code;
}

void cli_check_close(struct cli_check *check) {
    if (check->opened) cli_tensor_close(&check->tensor);
    ti_spec_free(check->spec);
}

int cli_check_begin(const struct cli_check *check, const struct tic_info *info) {
    if (strcmp(info->spec, TI_SPEC_NAME) != 0) {
        fprintf(stderr, "tensorinit: --verify: the server has spec %s, this command %s\n",
                info->spec, TI_SPEC_NAME);
        return CLI_EMISMATCH;
    }
    const uint64_t expected_bytes = ti_body_bytes(check->tensor.body);
    if (info->total_bytes == expected_bytes) return 0;
    fprintf(stderr,
            "tensorinit: --verify: the response has %" PRIu64
            " bytes, the tensor %" PRIu64 "\n",
            info->total_bytes, expected_bytes);
    return CLI_EMISMATCH;
}

/* Compares bytes from 'offset' on, at most BLOCK_BYTES; 'out' is as large. */
static int compare(struct cli_check *check, uint64_t offset, const unsigned char *data,
                   size_t bytes, unsigned char *out, void *workspace) {
    size_t at = 0;
    if (ti_body_read(check->tensor.body, offset, bytes, out, workspace) == TI_OK) {
        if (memcmp(data, out, bytes) == 0) return 0;
        while (data[at] == out[at]) at++;
    }
    if (atomic_exchange(&check->differs, true)) return CLI_EMISMATCH;
    cli_clear_line();
    fprintf(
        stderr,
        "tensorinit: --verify: what was received differs from the tensor at byte %" PRIu64
        ": 0x%02x, expected 0x%02x\n",
        offset + at, data[at], out[at]);
    return CLI_EMISMATCH;
}

/* Start of the window in a block; splitmix64. */
static uint64_t window_of(const struct cli_check *check, uint64_t block) {
    uint64_t x = check->seed + block * 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return (x ^ (x >> 31)) % (BLOCK_BYTES / WINDOW_BYTES) * WINDOW_BYTES;
}

static uint64_t max_of(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t min_of(uint64_t a, uint64_t b) { return a < b ? a : b; }

int cli_check_bytes(struct cli_check *check, uint64_t offset, const void *data,
                    size_t bytes) {
    const uint64_t end = offset + bytes;
    unsigned char *out = malloc(BLOCK_BYTES);
    void *workspace = NULL;
    int code = 0;
    if (!out || ti_workspace_make(check->tensor.plan, &workspace, NULL) != TI_OK) {
        code = cli_fail_memory();
    }
    for (uint64_t block = offset / BLOCK_BYTES; code == 0 && block * BLOCK_BYTES < end;
         block++) {
        uint64_t first = block * BLOCK_BYTES, last = first + BLOCK_BYTES;
        if (!check->all && block > 0) {
            first += window_of(check, block);
            last = first + WINDOW_BYTES;
        }
        first = max_of(first, offset);
        last = min_of(last, end);
        if (first >= last) continue;
        code = compare(check, first, (const unsigned char *)data + (first - offset),
                       (size_t)(last - first), out, workspace);
    }
    ti_workspace_free(workspace);
    free(out);
    return code;
}
