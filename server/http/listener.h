/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets, and the thread that accepts connections on them.
 */
#ifndef TID_LISTENER_H
#define TID_LISTENER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/http/address.h"
#include "server/http/refused_connections.h"
#include "server/http/take.h"
#include "server/http/unix_socket.h"

#define TID_LISTENER_SOCKETS 32

/*
 * Start from zeroes. The sockets are opened before anything else of the server is
 * started, so that a port in use is found early. End it with tid_listener_stop() if its
 * thread has been started, else with tid_listener_close().
 */
struct tid_listener {
    bool has_tls;    /* clients expect TLS: no plain 503 can be sent */
    bool reuse_port; /* others may listen on the same ports (SO_REUSEPORT) */
    int64_t idle_ms; /* that a client may take no byte of what was sent; 0: no limit */
    unsigned count;  /* of fds */
    int fds[TID_LISTENER_SOCKETS];
    struct tid_socket_file files[TID_LISTENER_SOCKETS]; /* to remove; of unix sockets */
    bool given[TID_LISTENER_SOCKETS]; /* others have it as well; what waits stays there */
    int wake_fd;                      /* eventfd that stops the thread */
    int spare_fd; /* to be closed when the process is out of descriptors */
    tid_take_function *take;
    void *taker;
    /* Count connections: beyond the limit, and closed for want of a descriptor. */
    _Atomic uint64_t *refused_count, *dropped_count;
    const struct tid_context *context; /* of what those beyond the limit are told */
    bool fails;                        /* accept4() does; it has been logged */
    pthread_t thread;
    struct tid_refused refused;
};

/*
 * Opens a socket for every address of the host ("localhost" has two), or a unix socket.
 * Port 0 picks a free port. Returns 0; on failure -1 and, in 'why', an error without a
 * full stop.
 */
int tid_listener_open(struct tid_listener *listener, const struct tid_address *address,
                      char *why, size_t why_bytes);

/*
 * Takes over a socket that another process has opened and gave to this one: systemd, whose
 * it stays. Returns as tid_listener_open() does; then the caller still owns it.
 */
int tid_listener_adopt(struct tid_listener *listener, int fd, char *why,
                       size_t why_bytes);

/* The address that socket 'index' is bound to, as HOST:PORT or unix:PATH. */
void tid_listener_show(const struct tid_listener *listener, unsigned index,
                       char text[TID_ADDRESS_BYTES]);

/*
 * Starts the thread, which hands connections to 'take', and calls it in no other thread.
 * The two counters and the context must have been set. Returns 0 or an error number.
 */
int tid_listener_start(struct tid_listener *listener, tid_take_function *take,
                       void *taker);

/* Hands over all connections that wait, ends the thread and closes the sockets. */
void tid_listener_stop(struct tid_listener *listener);

/* Another idle time for connections that are accepted from now on. Any thread may call it. */
void tid_listener_change_idle(const struct tid_listener *listener, int64_t idle_ms);

/* Closes the sockets of a listener that has not been started. */
void tid_listener_close(struct tid_listener *listener);

#endif
