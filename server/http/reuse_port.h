/* SPDX-License-Identifier: MIT */
/*
 * Several servers that listen on one port (SO_REUSEPORT, socket(7)): how one leaves. The
 * kernel gives each new connection to one of the sockets; those that wait at a socket when
 * it is closed are reset, so the others must get all that come before. listener.c calls
 * this.
 */
#ifndef TID_REUSE_PORT_H
#define TID_REUSE_PORT_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * From now on socket number 'index' of those of the port, in the order in which they
 * were opened, gets all new connections; if there is none, all get some. False if the
 * kernel cannot do that.
 */
bool tid_reuse_port_choose(int fd, unsigned index);

/* All sockets of the port get new connections. */
void tid_reuse_port_share(int fd);

/*
 * Connects to the port of a socket, to see who gets it. Returns the connection, and its
 * own address; -1 if that does not succeed at once.
 */
int tid_reuse_port_probe(int fd, struct sockaddr_storage *own);

/* Whether two addresses have the same family and port. */
bool tid_reuse_port_same(const struct sockaddr_storage *a,
                         const struct sockaddr_storage *b);

#endif
