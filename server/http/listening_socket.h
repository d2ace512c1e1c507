/* SPDX-License-Identifier: MIT */
/* A TCP socket that listens, and one that another process has opened: listener.c calls
   this. */
#ifndef TID_LISTENING_SOCKET_H
#define TID_LISTENING_SOCKET_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A socket that listens, non-blocking; -1 with 'errno' set.
 *
 *   idle_ms     that clients may take no byte of what was sent; 0: no limit
 *   reuse_port  others may listen on the same port
 */
int tid_listening_socket_open(const struct addrinfo *info, int64_t idle_ms,
                              bool reuse_port);

/*
 * Makes a socket of another process one such. Returns NULL, or what is wrong with it:
 * "is not a socket".
 */
const char *tid_listening_socket_adopt(int fd, int64_t idle_ms);

/*
 * Sets 'idle_ms' for connections that are accepted from now on. Returns 0, or -1 with
 * 'errno' set: of a unix socket, whose kernel has no such time.
 */
int tid_listening_socket_set_idle(int fd, int64_t idle_ms);

#endif
