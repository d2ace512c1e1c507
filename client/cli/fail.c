/* SPDX-License-Identifier: MIT */
/* Error messages and notes of the command. */
#include <errno.h>
#include <stdio.h>
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

int cli_fail_io(const char *path, const char *action) {
    fprintf(stderr, "tensorinit: %s %s: %s\n", action, path, strerror(errno));
    return CLI_EIO;
}

int cli_fail_memory(void) {
    fputs("tensorinit: out of memory\n", stderr);
    return CLI_ENOMEM;
}

void cli_note_unnamed(const struct cli_options *options) {
    if (options->quiet) return;
    fputs(
        "tensorinit: note: no --name is set; all unnamed tensors with the same seed use "
        "the same random numbers\n",
        stderr);
}
