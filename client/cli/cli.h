/* SPDX-License-Identifier: MIT */
/* What the files of the tensorinit command share. */
#ifndef TIC_CLI_H
#define TIC_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/tensorinit.h>

/* Exit codes: those of status.def (CLI_EIO, ...), and CLI_DIFFERS of the verb verify. */
enum cli_exit_code {
    CLI_DIFFERS = 1,
#define TI_STATUS(name, http, exit_code, title) CLI_##name = exit_code,
#include <tensorinit/status.def>
#undef TI_STATUS
    CLI_USAGE = CLI_EPARAM,
};

/* Command lines (options.c) ---------------------------------------------------------- */

/* A parameter of the tensor as it was given. */
struct cli_param {
    const char *name; /* from the command line, 'name_bytes' long; may be none */
    size_t name_bytes;
    const char *value;
    char *resolved; /* the value if it is this process's part, to be freed; or NULL */
};

#define CLI_ITEMS_MAX 64

/* The values of an option that may be repeated. */
struct cli_list {
    const char *items[CLI_ITEMS_MAX];
    size_t count;
};

#define CLI_TEXT const char *
#define CLI_FLAG bool
#define CLI_LIST struct cli_list
#define CLI_MAYBE const char *

/* The parsed command line; strings are borrowed from it. */
struct cli_options {
    /* The parameters, checked one by one; NULL for a verb that is remote or has a stack. */
    struct ti_spec *spec;
    /* The same as they were given; a list may be given item by item. */
    struct cli_param *params;
    size_t param_count;
    /* The arguments that are not options, and the first of them or NULL. */
    const char *file, **files;
    size_t file_count;
    /* The command's own options, a member each: NULL or false if not given, ""
       for a MAYBE without a value. */
#define CLI_OPTION(kind, member, name, letter, argument, verbs, about) CLI_##kind member;
#include "client/cli/cli_options.def"
#undef CLI_OPTION
};

struct cli_verb {
    const char *name, *about;
    /* Other words for the verb, which are not accepted, separated by spaces. */
    const char *also;
    /* A command line for the help, after "tensorinit". */
    const char *example;
    /* Name of the argument that is not an option, NULL if there is none. */
    const char *file;
    /* Whether it may be repeated. */
    bool many;
    /* Whether the verb has the tensor's parameters. */
    bool tensor;
    /* Whether a server validates the parameters. */
    bool remote;
    /* Whether they are those of the weights of a stack, which the verb validates. */
    bool stack;
    int (*run)(struct cli_options *options);
};

/*
 * Parses the arguments after the verb. Returns 0, or prints what is wrong and returns an
 * exit code; the caller calls cli_options_clear() in both cases.
 */
int cli_options_parse(struct cli_options *options, const struct cli_verb *verb, int argc,
                      char **argv);
void cli_options_clear(struct cli_options *options);

/* Makes the spec of the parameters, as cli_options_parse() does for a local verb. */
int cli_options_make_spec(struct cli_options *options);

/* The value of a parameter; NULL if it is not set. */
const char *cli_options_get(const struct cli_options *options, const char *name);

/* Adds a parameter, in place of an option that was given: there is space for one each. */
void cli_options_add(struct cli_options *options, const char *name, const char *value);

/* The parameters as a query, to be freed with free(); NULL if memory runs out. */
char *cli_options_query(const struct cli_options *options);

/*
 * Reads the value of an option, a number of seconds such as "300" or "0.5", into
 * '*milliseconds'. Prints what is wrong and returns an exit code.
 */
int cli_read_seconds(const char *option, const char *text, uint64_t *milliseconds);

/* The same for a number from 1 to 'max'. */
int cli_read_count(const char *option, const char *text, unsigned max, unsigned *value);

/* How many threads compute: as --threads says, or all processors. */
int cli_read_threads(const struct cli_options *options, unsigned *threads);

/* Sets the parameter format from the extension of 'path' (may be NULL), unless it is
   set. */
void cli_options_set_format(struct cli_options *options, const char *path);

/* Whether the parameter format names a text format. */
bool cli_options_text(const struct cli_options *options);

/* Verbs (cmd_*.c); each returns an exit code ----------------------------------------- */

int cli_generate(struct cli_options *options);
int cli_get(struct cli_options *options);
int cli_verify(struct cli_options *options);
int cli_plan(struct cli_options *options);
int cli_schemes(struct cli_options *options);
int cli_stats(struct cli_options *options);
int cli_digest(struct cli_options *options);
int cli_model(struct cli_options *options);
int cli_propagate(struct cli_options *options);

/* Tensors that are computed here (local_tensor.c, factorize.c) ----------------------- */

struct cli_tensor {
    struct ti_plan *plan;
    struct ti_body *body;
    struct ti_factor *factor; /* from cli_tensor_factorize(), or NULL */
    void *workspace;
    unsigned char *chunk; /* CLI_CHUNK_BYTES */
    unsigned threads;     /* that compute: --threads, or all processors */
};

/* Bytes computed at a time: many rows of a matrix, but not more than an L3 cache. */
#define CLI_CHUNK_BYTES ((size_t)2 << 20)

/*
 * Makes plan and body from the options; prints the warnings about them. Prints what is
 * wrong and returns an exit code.
 */
int cli_tensor_open(struct cli_tensor *tensor, const struct cli_options *options);
void cli_tensor_close(struct cli_tensor *tensor);

/*
 * Computes the factorization, with all threads; nothing if the tensor needs none. Needed
 * before elements are filled; cli_tensor_read() does it. Prints what is wrong and returns
 * an exit code.
 */
int cli_tensor_factorize(struct cli_tensor *tensor);

/* The same for a plan, which does not get it: '*factor' is the caller's. */
int cli_factorize(const struct ti_plan *plan, unsigned threads,
                  struct ti_factor **factor);

/*
 * Calls 'consume' in this thread with the body, a chunk at a time and in order, until it
 * returns an exit code other than 0. Returns an exit code. Meanwhile other threads compute
 * what follows, unless the body is a text.
 */
typedef int cli_consumer(void *state, const unsigned char *bytes, size_t count);
int cli_tensor_read(struct cli_tensor *tensor, cli_consumer *consume, void *state);

/* Prints a SHA-256 and the name of its file as a line for sha256sum -c (digest_line.c). */
void cli_print_digest(const unsigned char *digest, const char *name);

/* Threads (threads.c) ---------------------------------------------------------------- */

#define CLI_THREADS_MAX 256

/* How many processors this process may use, at most CLI_THREADS_MAX. */
unsigned cli_threads_usable(void);

/*
 * Calls 'run' in 'count' threads, at most CLI_THREADS_MAX, this one among them, and waits
 * until all have returned. It is not an error if others cannot be started.
 */
void cli_threads_run(unsigned count, void *(*run)(void *), void *state);

/* Messages on standard error (fail.c) ------------------------------------------------ */

/* Each prints "tensorinit: TEXT" and returns the exit code. */
int cli_fail(const struct ti_error *error);
int cli_fail_io(const char *path, const char *action);
/* "tensorinit: WHERE: TEXT", of an error in a file or a variable. */
int cli_fail_in(const char *where, const struct ti_error *error);
int cli_fail_memory(void);

/*
 * A line of progress is on the terminal now; it goes away before a message, by
 * cli_clear_line(), which the functions above call themselves.
 */
void cli_line_shown(void);
void cli_clear_line(void);

/* Prints a note, "name: No name is given: ...", unless --quiet. */
void cli_note(const struct cli_options *options, const char *field, const char *text);

/* "s" behind a noun, unless there is one. */
const char *cli_plural(size_t count);

/* Ends a sentence: "; did you mean A or B?" with the 'names' that are near to 'typed',
   each with 'prefix' before it, or a full stop if none is near. */
void cli_print_near(const char *typed, const char *const *names, size_t count,
                    const char *prefix);

/* Text on standard output (terminal.c) ----------------------------------------------- */

/* Its width: of the terminal, within limits; 80 if it is none. */
int cli_columns(void);

/* Prints lines from column 'left' to the last; '\n' starts a new one. */
void cli_print_wrapped(const char *text, int left);

/* Output (output.c) ------------------------------------------------------------------ */

/* Closes standard output. Exit code: CLI_EIO if a write has failed. */
int cli_close_stdout(void);

/*
 * An output file. A regular FILE is written as FILE.part, which cli_output_commit()
 * renames; standard output ("-" or NULL) and others (a device, a FIFO) are written
 * directly.
 */
struct cli_output {
    int fd;
    bool is_part;
    const char *path;
    /* The file, the file with the bytes so far, and what get saves about it. */
    char *target, *part_path, *state_path;
};

/* Refuses to write to a terminal unless the output is 'text'. Returns an exit code. */
int cli_output_check(const char *path, bool text);

/*
 * For a process that writes to sockets as well, and must not be terminated by SIGPIPE for
 * that: afterwards only cli_output_write() raises it, if the reader of a pipe has gone.
 */
void cli_output_handle_sigpipe(void);

/*
 * Each prints what is wrong and returns an exit code, 0 for success. With 'go_on' the
 * bytes in the part file stay; otherwise it is emptied, and removed by a signal that ends
 * the process.
 */
int cli_output_open(struct cli_output *output, const char *path, bool go_on);
int cli_output_write(struct cli_output *output, const void *data, size_t bytes);

/* Of a part file, by any thread and without a message; false, with errno, if it fails. */
bool cli_output_put_at(const struct cli_output *output, uint64_t offset, const void *data,
                       size_t bytes);

/* Does not wait for the disk, as little as curl or cp does: that would take as long again. */
int cli_output_commit(struct cli_output *output);

/* From now on the part file is left behind if a signal ends the process. */
void cli_output_survive(void);

/* After a failure: removes the part file and its state, or closes and keeps them. */
void cli_output_abandon(struct cli_output *output);
void cli_output_keep(struct cli_output *output);

/* Whether the output will be written as a part file. */
bool cli_output_is_part(const char *path);

/* Whether there is a state file for the output. */
bool cli_output_has_state(const char *path);

/* The state of a transfer (part_state.c) --------------------------------------------- */

/* Bytes [first, end) of a body. */
struct cli_range {
    uint64_t first, end;
};

/* What get saves beside FILE.part, to go on later. Starts as all zeros. */
struct cli_part_state {
    char *query, *etag, *spec;
    uint64_t total_bytes;
    /* What FILE.part has: in order, with gaps between them. */
    struct cli_range *done;
    size_t done_count, done_capacity;
    /* Saved after this boot of the machine: writes cannot be lost since. */
    bool same_boot;
    size_t saved_bytes; /* length of the file */
};

/* Each prints what is wrong and returns an exit code. */
int cli_part_load(struct cli_part_state *state, const char *path);
int cli_part_save(struct cli_part_state *state, const char *path);
int cli_part_make(struct cli_part_state *state, const char *query, const char *etag,
                  const char *spec, uint64_t total_bytes);
int cli_part_add(struct cli_part_state *state, uint64_t first, uint64_t end);
void cli_part_clear(struct cli_part_state *state);

/* How many bytes are done. */
uint64_t cli_part_done(const struct cli_part_state *state);

/*
 * Reserves space for 'total_bytes' in the file of 'fd', unless it lies in memory. If the disk
 * has not as much, prints both figures and returns CLI_EIO.
 */
int cli_part_reserve(int fd, const char *path, uint64_t total_bytes);

/* The same for files that will be written to a folder; reserves nothing. */
int cli_space_check(const char *folder, uint64_t total_bytes);

/* What a file should have, computed here. */
struct cli_expected {
    const char *what; /* for messages: "tensor" */
    uint64_t total_bytes;
    /* Writes 'count' bytes from 'offset' on, at most CLI_CHUNK_BYTES. Prints what is wrong
       and returns an exit code. */
    int (*read)(void *state, uint64_t offset, size_t count, unsigned char *out);
    void *state;
};

/*
 * Compares what the state says that a file has, a sample of it or all (part_check.c). Prints
 * what differs and returns CLI_EMISMATCH.
 */
int cli_part_compare(int fd, const char *path, const struct cli_part_state *state,
                     const struct cli_expected *expected);

#endif
