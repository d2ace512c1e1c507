/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets and the thread that accepts on them.
 */
#ifndef TID_LISTENER_H
#define TID_LISTENER_H

#include <pthread.h>
#include <stddef.h>

#include "server/http/address.h"
#include "server/mhd/mhd_workers.h"
#include "server/http/refuse.h"

#define TID_LISTENER_SOCKETS 32

/*
 * Start from zeroes. Sockets are opened first, so that a busy port is found before
 * anything else is started; then the thread is started; then it is stopped, or, if there
 * is none, only the sockets are closed.
 */
struct tid_listener {
    unsigned count;
    int fds[TID_LISTENER_SOCKETS];
    int wake_fd;
    int spare_fd;
    struct tid_workers *workers;
    pthread_t thread;
    struct tid_refused refused;
};

/*
 * Opens a socket for every address that the host stands for ("localhost" is two). Port 0
 * picks a free one. Returns 0; else -1 and a sentence without its full stop in 'why'.
 */
int tid_listener_open(struct tid_listener *listener, const struct tid_address *address,
                      char *why, size_t why_bytes);

/* The address that socket 'index' is bound to, as HOST:PORT. */
void tid_listener_show(const struct tid_listener *listener, unsigned index,
                       char text[TID_ADDRESS_BYTES]);

/* Starts to accept and to hand over to 'workers'. Returns 0 or an error number. */
int tid_listener_start(struct tid_listener *listener, struct tid_workers *workers);

/* Ends the thread and closes the sockets: from then on connections are refused. */
void tid_listener_stop(struct tid_listener *listener);

/* Closes the sockets of a listener that has not been started. */
void tid_listener_close(struct tid_listener *listener);

#endif
