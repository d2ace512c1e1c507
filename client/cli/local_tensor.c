/* SPDX-License-Identifier: MIT */
/* The tensor that the options ask for, computed here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

int cli_fail(const struct ti_error *error) {
    if (*error->field) {
        fprintf(stderr, "tensorinit: --%s: %s\n", error->field, error->text);
    } else {
        fprintf(stderr, "tensorinit: %s\n", error->text);
    }
    return ti_status_exit_code(error->code);
}

int cli_fail_io(const char *path, const char *doing) {
    fprintf(stderr, "tensorinit: %s %s: %s\n", doing, path, strerror(errno));
    return CLI_IO;
}

int cli_fail_memory(void) {
    fputs("tensorinit: out of memory\n", stderr);
    return ti_status_exit_code(TI_ENOMEM);
}

void cli_note_unnamed(const struct cli_options *options) {
    if (options->quiet) return;
    fputs("tensorinit: note: no --name given; all unnamed tensors of a seed are the same "
          "draw\n",
          stderr);
}

int cli_close_stdout(void) {
    return fclose(stdout) == 0 ? 0 : cli_fail_io("standard output", "cannot write");
}

int cli_tensor_open(struct cli_tensor *tensor, const struct cli_options *options) {
    struct ti_error error;
    memset(tensor, 0, sizeof *tensor);
    if (ti_plan_make(options->spec, &tensor->plan, &error) != TI_OK ||
        ti_body_make(tensor->plan, &tensor->body, &error) != TI_OK) {
        cli_tensor_close(tensor);
        return cli_fail(&error);
    }
    const struct ti_plan_info *info = ti_plan_info(tensor->plan);
    tensor->piece = malloc(CLI_PIECE_BYTES);
    if (info->workspace_bytes > 0) {
        tensor->workspace = aligned_alloc(64, (info->workspace_bytes + 63) / 64 * 64);
    }
    if (!tensor->piece || (info->workspace_bytes > 0 && !tensor->workspace)) {
        cli_tensor_close(tensor);
        return cli_fail_memory();
    }
    if (!*info->name && info->random) {
        cli_note_unnamed(options);
    }
    return 0;
}

void cli_tensor_close(struct cli_tensor *tensor) {
    free(tensor->workspace);
    free(tensor->piece);
    ti_body_free(tensor->body);
    ti_plan_free(tensor->plan);
    ti_factor_free(tensor->factor);
}

int cli_tensor_read(struct cli_tensor *tensor, cli_take *take, void *state) {
    struct ti_body_cursor cursor = {0};
    const int failed = cli_tensor_set_up(tensor);
    if (failed != 0) return failed;
    for (;;) {
        size_t written;
        if (ti_body_next(tensor->body, &cursor, CLI_PIECE_BYTES, tensor->piece, &written,
                         tensor->workspace) != TI_OK) {
            abort(); /* the room is enough, and the cursor is its own */
        }
        if (written == 0) return 0;
        int code = take(state, tensor->piece, written);
        if (code != 0) return code;
    }
}
