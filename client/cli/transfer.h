/* SPDX-License-Identifier: MIT */
/*
 * Fetching a body to an output: what get and model --server share. A part file is fetched by
 * several connections, can be continued, and gets its name only when it is complete.
 */
#ifndef TIC_TRANSFER_H
#define TIC_TRANSFER_H

#include <tensorinit/client.h>

#include "client/cli/progress.h"

/* What is fetched. All is borrowed. */
struct cli_transfer {
    const struct cli_options *options; /* continue, quiet and server */
    struct tic_request *request;
    const char *path; /* the output; NULL or "-": standard output */
    /* What is fetched, for messages: "tensor"; and which one, for the state. */
    const char *what, *query;
    /* The entity tag that a part must have, if it is known in advance; else NULL. */
    const char *etag;
    struct cli_progress *progress;
    double deadline_s; /* of cli_now_s(); 0: no limit */
    /*
     * Called with 'state'; each may be NULL, prints what is wrong and returns an exit code.
     * begin() gets the checked header, before a byte; check() bytes before they are written,
     * in several threads; check_part() a part that will be continued; finish() an output that
     * is complete, and gets its name next.
     */
    int (*begin)(void *state, const struct tic_info *info);
    int (*check)(void *state, uint64_t offset, const void *data, size_t bytes);
    int (*check_part)(void *state, const struct cli_output *output,
                      struct cli_part_state *part);
    int (*finish)(void *state, const struct cli_output *output);
    void *state;
};

/* Sets the deadline that --timeout gives. Prints what is wrong and returns an exit code. */
int cli_transfer_set_deadline(struct cli_transfer *transfer);

/* Fetches. Begins the progress if that has not begun. Prints what is wrong and returns an
   exit code. */
int cli_transfer_run(const struct cli_transfer *transfer);

#endif
