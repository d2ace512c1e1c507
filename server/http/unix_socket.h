/* SPDX-License-Identifier: MIT */
/*
 * Opens listening unix sockets, whose files outlive a process that is killed, and removes
 * those files. Called by listener.c.
 */
#ifndef TID_UNIX_SOCKET_H
#define TID_UNIX_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

/* The file of a socket; empty path: there is none. */
struct tid_socket_file {
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    dev_t device;
    ino_t inode;
};

/*
 * Opens a socket that listens at an absolute path, with the permissions that the umask
 * leaves. The file of a socket at which no process listens any more is replaced. Two
 * processes that do this at the same time do not remove each other's socket.
 *
 * Returns the socket, non-blocking, and describes its file; on failure -1 and, in 'why',
 * an error without a full stop.
 */
int tid_unix_socket_open(const char *path, struct tid_socket_file *file, char *why,
                         size_t why_bytes);

/* Removes the file, unless it is by now that of another socket. The second time it does
   nothing. */
void tid_unix_socket_remove(struct tid_socket_file *file);

#endif
