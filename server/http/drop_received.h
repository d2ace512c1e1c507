/* SPDX-License-Identifier: MIT */
/* Reads and drops what a client still sends, after the response that ends its connection. */
#ifndef TID_DROP_RECEIVED_H
#define TID_DROP_RECEIVED_H

#include <stddef.h>

enum tid_dropped {
    TID_DROPPED_NOTHING, /* nothing has come */
    TID_DROPPED_SOME,
    TID_DROPPED_MAX, /* as much as may be read at a time */
    TID_DROPPED_END, /* the client has closed, or the connection has failed */
};

/* Of a socket, at most 'max_bytes', without waiting. */
enum tid_dropped tid_drop_received(int fd, size_t max_bytes);

#endif
