/* SPDX-License-Identifier: MIT */
/* How the listener's thread hands over connections that it has accepted. */
#ifndef TID_TAKE_H
#define TID_TAKE_H

#include <stdbool.h>
#include <sys/socket.h>

/* What has become of a connection that was handed over. */
enum tid_take {
    TID_TAKEN,
    TID_TAKE_FULL, /* too many connections: the listener still owns it and refuses it */
    TID_TAKE_CLIENT_FULL, /* too many of this address: likewise */
    TID_TAKE_FAILED,      /* out of memory: it has been closed */
};

/*
 * Takes over an accepted, non-blocking connection.
 *
 *   reserved  It is beyond the limit, and has sent the whole header of a request for a
 *             probe (probe.h). There are some places for these; the connection is closed
 *             after the response.
 */
typedef enum tid_take tid_take_function(void *taker, int fd,
                                        const struct sockaddr *address,
                                        socklen_t address_bytes, bool reserved);

#endif
