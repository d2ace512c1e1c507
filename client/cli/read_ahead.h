/* SPDX-License-Identifier: MIT */
/* For local_tensor.c: reading a body with several threads. */
#ifndef TIC_READ_AHEAD_H
#define TIC_READ_AHEAD_H

#include "client/cli/cli.h"

/*
 * As cli_tensor_read(), with tensor->threads threads, this one among them, for a body of
 * known length, not empty, whose factorization is made.
 */
int cli_read_ahead(struct cli_tensor *tensor, cli_consumer *consume, void *state);

#endif
