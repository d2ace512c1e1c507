/* SPDX-License-Identifier: MIT */
/*
 * Socket addresses as text: parses those to listen on, and formats those of listeners and
 * clients for the log.
 */
#ifndef TID_ADDRESS_H
#define TID_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

/* "[" host of at most 255 "]:" port and NUL. */
#define TID_ADDRESS_BYTES 272

struct tid_address {
    char host[256]; /* without brackets */
    char port[6];   /* decimal digits */
};

/*
 * Parses HOST:PORT, where HOST is a name, an IPv4 address or an IPv6 address in brackets,
 * as in a URI (RFC 3986 section 3.2.2). Returns NULL, or an error without an initial
 * capital or full stop ('*address' is then undefined).
 */
const char *tid_address_parse(const char *text, size_t bytes,
                              struct tid_address *address);

/* Writes a socket address as HOST:PORT, IPv6 in brackets; "?" if it has no such form. */
void tid_address_show(const struct sockaddr *address, socklen_t address_bytes,
                      char text[TID_ADDRESS_BYTES]);

#endif
