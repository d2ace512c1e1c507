/* SPDX-License-Identifier: MIT */
/*
 * What an endpoint needs before it can respond at all, and what is too much for the thread
 * that polls connections. The response has it (tid_response_defer()); a thread of the pool runs
 * it, and then the endpoint is called again with it in the request.
 */
#ifndef TID_DEFERRED_H
#define TID_DEFERRED_H

#include <stdatomic.h>
#include <stdbool.h>

/* The first member of the struct of its kind. */
struct tid_deferred {
    /* A part of the work, of some milliseconds if it can be divided. True: call it again. */
    bool (*run)(struct tid_deferred *deferred);
    /* By any thread, once, whether or not run() has been called. */
    void (*free)(struct tid_deferred *deferred);
    /* No one waits for it any more: run() returns soon. Set by any thread. */
    atomic_bool abandoned;
};

#endif
