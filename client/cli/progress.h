/* SPDX-License-Identifier: MIT */
/* How far a transfer or a computation has got: on a terminal, or as lines. */
#ifndef TIC_PROGRESS_H
#define TIC_PROGRESS_H

#include <stdatomic.h>

#include "client/cli/cli.h"

enum cli_progress_kind {
    CLI_PROGRESS_NONE,
    CLI_PROGRESS_TERMINAL, /* a line that is overwritten */
    CLI_PROGRESS_LINES,    /* a line of text each second */
    CLI_PROGRESS_JSON,     /* an object on a line each second */
};

/* Starts as all zeros. */
struct cli_progress {
    enum cli_progress_kind kind;
    atomic_uint_fast64_t bytes; /* so far; any thread may add */
    uint64_t total_bytes;       /* UINT64_MAX: not known */
    /* Since when, and what an earlier transfer had. */
    double start_s;
    uint64_t start_bytes;
    /* When it was shown last, with how many bytes, and the rate, smoothed over seconds. */
    double shown_s, rate;
    uint64_t shown_bytes;
    bool begun;
};

/* A clock that does not go back. */
double cli_now_s(void);

/*
 * Reads the options of a verb that writes a tensor, to standard output unless they say
 * otherwise; then a terminal shows no progress. Prints what is wrong and returns an exit
 * code.
 */
int cli_progress_init(struct cli_progress *progress, const struct cli_options *options);

/* The same for a verb that writes no tensor. */
int cli_progress_init_reader(struct cli_progress *progress,
                             const struct cli_options *options);

/* The transfer begins, or goes on, with 'bytes' of 'total_bytes'. */
void cli_progress_begin(struct cli_progress *progress, uint64_t bytes,
                        uint64_t total_bytes);

/* Bytes that are there already, from an earlier transfer: they have no part in the rate. */
void cli_progress_skip(struct cli_progress *progress, uint64_t bytes);

/* Shows it if it is time. */
void cli_progress_show(struct cli_progress *progress);

/* Adds bytes, and shows it if it is time. */
void cli_progress_add(struct cli_progress *progress, size_t bytes);

/*
 * Reads the tensor as cli_tensor_read() does, and shows how far it has got: begins and
 * ends the progress. Returns an exit code.
 */
int cli_progress_read(struct cli_progress *progress, struct cli_tensor *tensor,
                      cli_consumer *consume, void *state);

/* The transfer has ended; says what it was if it was a success. */
void cli_progress_end(struct cli_progress *progress, bool success);

#endif
