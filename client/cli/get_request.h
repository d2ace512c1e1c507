/* SPDX-License-Identifier: MIT */
/* What get requests, and where. */
#ifndef TIC_GET_REQUEST_H
#define TIC_GET_REQUEST_H

#include <stdatomic.h>

#include <tensorinit/client.h>

#include "client/cli/cli.h"

/*
 * Makes a request of the options and the query, NULL for none, to be freed with
 * tic_request_free(). Prints what is wrong and returns an exit code.
 */
int cli_get_make_request(const struct cli_options *options, const char *query,
                         struct tic_request **request);

/*
 * Sets certificates, token, fields and proxy of the request, from options and environment.
 * Prints what is wrong and returns an exit code.
 */
int cli_get_set_access(const struct cli_options *options, struct tic_request *request);

/* Prints an error; those that name no parameter are about the server. */
void cli_get_print_error(const struct cli_options *options,
                         const struct tic_request *request, const struct ti_error *error);

/*
 * Says that a fetch has failed and is tried again, unless it has failed as 'last' says, which
 * then gets the text of this failure.
 */
void cli_get_print_retry(const struct cli_options *options,
                         const struct tic_request *request,
                         const struct ti_error *failure, char last[TI_ERROR_TEXT_BYTES]);

/* What get --verify compares with (get_check.c). Starts as all zeros. */
struct cli_check {
    struct ti_spec *spec;
    struct cli_tensor tensor;
    bool opened;
    /* Every byte, instead of a sample that depends on 'seed'. */
    bool all;
    uint64_t seed;
    /* A difference has been printed: each connection may find one. */
    atomic_bool differs;
};

/* Each prints what is wrong and returns an exit code. */
int cli_check_open(struct cli_check *check, const struct cli_options *options);
int cli_check_begin(const struct cli_check *check, const struct tic_info *info);
/* May be called by several threads at the same time. */
int cli_check_bytes(struct cli_check *check, uint64_t offset, const void *data,
                    size_t bytes);
void cli_check_close(struct cli_check *check);

/*
 * Recomputes what the part file of an earlier transfer has, a sample of it or all, and
 * compares. Prints what differs and returns CLI_EMISMATCH.
 */
int cli_check_part(const struct cli_options *options, const struct cli_output *output,
                   const struct cli_part_state *part);

#endif
