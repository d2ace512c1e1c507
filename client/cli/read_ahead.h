/* SPDX-License-Identifier: MIT */
/* Reading what is computed, in order, with several threads. */
#ifndef TIC_READ_AHEAD_H
#define TIC_READ_AHEAD_H

#include "client/cli/cli.h"

/* Bytes that can be computed from any offset, by several threads at a time. */
struct cli_source {
    uint64_t bytes; /* 1 or more */
    unsigned threads;
    void *state;
    /* Makes what a thread needs, in '*thread'; false if memory runs out. */
    bool (*open)(void *state, void **thread);
    void (*close)(void *thread);
    enum ti_status (*read)(void *state, void *thread, uint64_t offset, size_t count,
                           unsigned char *out);
};

/* The body of a tensor that has its factorization, if its length is known (local_tensor.c). */
struct cli_source cli_tensor_source(struct cli_tensor *tensor);

/* As cli_tensor_read(), with source->threads threads, this one among them. */
int cli_read_ahead(const struct cli_source *source, cli_consumer *consume, void *state);

#endif
