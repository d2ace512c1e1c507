/* SPDX-License-Identifier: MIT */
/* What the verbs of the tensorinit command share. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/tensorinit.h>

/* Exit codes besides those of status.def, after sysexits.h. */
#define CLI_DIFFERS 1
#define CLI_USAGE 64
#define CLI_IO 74

/* A parameter as it was given, for those who pass it on. */
struct cli_param {
    const char *name; /* one of ti_param_get()'s */
    const char *value;
};

#define CLI_PARAMS_MAX 64

/*
 * The command line, parsed; strings are borrowed from it.
 *
 *   spec   of the parameters, judged one by one; NULL where the server does that
 *   given  which of the command's own options, of enum cli_option
 *   file   what is no option
 */
struct cli_options {
    struct ti_spec *spec;
    struct cli_param params[CLI_PARAMS_MAX];
    size_t param_count;
    unsigned given;
    const char *output, *server, *expect_spec, *file;
    bool quiet, help;
};

/*
 * A verb.
 *
 *   file    name of its other argument, NULL for none
 *   takes   of enum cli_option; one that takes a server leaves it to judge the parameters
 *   tensor  whether it takes parameters
 */
struct cli_verb {
    const char *name, *about, *file;
    unsigned takes;
    bool tensor;
    int (*run)(struct cli_options *options);
};

enum cli_option {
    CLI_TAKES_OUTPUT = 1,
    CLI_TAKES_QUIET = 2,
    CLI_TAKES_SERVER = 4,
    CLI_TAKES_EXPECT_SPEC = 8,
    CLI_TAKES_HELP = 16, /* every verb does */
};

int cli_generate(struct cli_options *options);
int cli_get(struct cli_options *options);
int cli_verify(struct cli_options *options);
int cli_plan(struct cli_options *options);
int cli_schemes(struct cli_options *options);
int cli_stats(struct cli_options *options);
int cli_digest(struct cli_options *options);

/*
 * Parses the arguments after the verb. Returns 0, or prints what is wrong and returns an
 * exit code; either way cli_options_clear() ends it.
 */
int cli_options_parse(struct cli_options *options, const struct cli_verb *verb, int argc,
                      char **argv);
void cli_options_clear(struct cli_options *options);
void cli_options_help(const struct cli_verb *verb);

/* A parameter as if on the command line. Prints what is wrong, returns an exit code. */
int cli_options_set(struct cli_options *options, const char *name, const char *value);

/* The value of a parameter; NULL if it is not given. */
const char *cli_options_get(const struct cli_options *options, const char *name);

/* Without --format, the extension of 'path' (which may be NULL) decides. */
int cli_format_by_extension(struct cli_options *options, const char *path);

/* The plan and body that the options ask for, and memory to read the body with. */
struct cli_tensor {
    struct ti_plan *plan;
    struct ti_body *body;
    struct ti_factor *factor; /* made by cli_tensor_set_up(), or NULL */
    void *workspace;
    unsigned char *piece; /* CLI_PIECE_BYTES */
};

/* Bytes computed at a time: enough rows of a matrix, and not beyond the L3 cache. */
#define CLI_PIECE_BYTES ((size_t)2 << 20)

/*
 * Computes what the tensor needs before its first element; cli_tensor_read() does it by itself.
 * Returns an exit code, having said what is wrong.
 */
int cli_tensor_set_up(struct cli_tensor *tensor);

/* Prints what is wrong, and a note if no name was given; returns an exit code. */
int cli_tensor_open(struct cli_tensor *tensor, const struct cli_options *options);
void cli_tensor_close(struct cli_tensor *tensor);

/* Hands the body to 'take' piece by piece until it returns an exit code other than 0. */
typedef int cli_take(void *state, const unsigned char *bytes, size_t count);
int cli_tensor_read(struct cli_tensor *tensor, cli_take *take, void *state);

/* Prints "tensorinit: TEXT" (and the option at fault) and returns the exit code. */
int cli_fail(const struct ti_error *error);
int cli_fail_io(const char *path, const char *doing);
int cli_fail_memory(void);

/* On standard error, unless --quiet: what is special about a tensor without a name. */
void cli_note_unnamed(const struct cli_options *options);

/* Exit code after writing to standard output: CLI_IO if that failed. */
int cli_close_stdout(void);

/*
 * A file to write: a regular file under a temporary name until cli_output_commit(),
 * standard output for "-" or NULL, and anything else (a device, a FIFO) straight.
 */
struct cli_output {
    int fd;
    bool temporary;
    const char *path;
    char *target, *temporary_path;
};

/* Refuses a terminal as the place for bytes that are no 'text'; 'path' as below. */
int cli_output_check(const char *path, bool text);

/*
 * For who also writes to sockets, and is not to be ended by SIGPIPE for that: from now on
 * only cli_output_write() ends the process so, when the reader of a pipe goes away.
 */
void cli_output_take_sigpipe(void);

/* Each prints what went wrong and returns an exit code, 0 for success. */
int cli_output_open(struct cli_output *output, const char *path);
int cli_output_write(struct cli_output *output, const void *data, size_t bytes);
int cli_output_commit(struct cli_output *output);

/* Drops what was written; for the way out after a failure. */
void cli_output_abandon(struct cli_output *output);

#endif
