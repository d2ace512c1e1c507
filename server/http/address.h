/* SPDX-License-Identifier: MIT */
/*
 * Socket addresses as text: parses those to listen on, and formats those of listeners and
 * clients for the log.
 */
#ifndef TID_ADDRESS_H
#define TID_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* "[" host of at most 255 "]:" port and NUL. */
#define TID_ADDRESS_BYTES 272

struct tid_address {
    bool is_unix;
    char host[256]; /* without brackets; of a unix socket its path */
    char port[6];   /* decimal digits */
};

/*
 * Parses HOST:PORT, where HOST is a name, an IPv4 address or an IPv6 address in brackets,
 * as in a URI (RFC 3986 section 3.2.2), or unix:PATH. Returns NULL, or an error without an
 * initial capital or full stop ('*address' is then undefined).
 */
const char *tid_address_parse(const char *text, size_t bytes,
                              struct tid_address *address);

/* Writes an address as tid_address_parse() reads it. */
void tid_address_write(const struct tid_address *address, char text[TID_ADDRESS_BYTES]);

/*
 * The socket address of a unix socket: its path, or behind an @ the name of an abstract
 * one (unix(7)). Returns its length, or 0 if the path is empty or too long.
 */
socklen_t tid_address_unix(const char *path, struct sockaddr_un *address);

/* Writes an IPv4 or IPv6 address alone, without brackets and port. */
#define TID_HOST_BYTES 46 /* INET6_ADDRSTRLEN */
void tid_address_show_host(const struct sockaddr *address, char text[TID_HOST_BYTES]);

/*
 * Writes a socket address as HOST:PORT, IPv6 in brackets; as unix:PATH, or as unix if it
 * has no name, as clients of unix sockets; "?" if it has no such form.
 */
void tid_address_show(const struct sockaddr *address, socklen_t address_bytes,
                      char text[TID_ADDRESS_BYTES]);

#endif
