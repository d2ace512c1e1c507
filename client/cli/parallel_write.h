/* SPDX-License-Identifier: MIT */
/* Writing what is computed to a part file, with several threads. */
#ifndef TIC_PARALLEL_WRITE_H
#define TIC_PARALLEL_WRITE_H

#include "client/cli/progress.h"
#include "client/cli/read_ahead.h"

/*
 * Writes a source to the part file of 'output', from 'offset' on, with source->threads threads,
 * this one among them. Adds what is written to 'progress', and shows that. Prints what is wrong
 * and returns an exit code.
 */
int cli_parallel_write(const struct cli_source *source, const struct cli_output *output,
                       uint64_t offset, struct cli_progress *progress);

#endif
