/* SPDX-License-Identifier: MIT */
/* What the verbs of the tensorinit command share. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/tensorinit.h>

/* Exit codes besides those of status.def, after sysexits.h. */
#define CLI_USAGE 64
#define CLI_IO 74

int cli_generate(int argc, char **argv);

/* Prints "tensorinit: TEXT" (and the option at fault) and returns the exit code. */
int cli_fail(const struct ti_error *error);
int cli_fail_io(const char *path, const char *doing);

/* Exit code after writing to standard output: CLI_IO if that failed. */
int cli_close_stdout(void);

/*
 * A file to write: a regular file under a temporary name until cli_output_commit(), standard
 * output for "-" or NULL, and anything else (a device, a FIFO) straight.
 */
struct cli_output {
    int fd;
    bool temporary;
    const char *path;
    char *temporary_path;
};

/* Each prints what went wrong and returns an exit code, 0 for success. */
int cli_output_open(struct cli_output *output, const char *path);
int cli_output_write(struct cli_output *output, const void *data, size_t bytes);
int cli_output_commit(struct cli_output *output);

/* Drops what was written; for the way out after a failure. */
void cli_output_abandon(struct cli_output *output);

#endif
