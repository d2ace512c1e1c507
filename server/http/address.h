/* SPDX-License-Identifier: MIT */
/*
 * Addresses to listen on, as people write them and as they are shown.
 */
#ifndef TID_ADDRESS_H
#define TID_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

/* "[" host of at most 255 "]:" port and NUL. */
#define TID_ADDRESS_BYTES 272

/* Host without brackets, port as decimal digits. */
struct tid_address {
    char host[256];
    char port[6];
};

/*
 * Parses HOST:PORT, where HOST is a name, an IPv4 address or an IPv6 address in brackets.
 * Returns NULL, or what is wrong with it as the rest of a sentence ('*address' is then
 * undefined).
 */
const char *tid_address_parse(const char *text, size_t bytes,
                              struct tid_address *address);

/* Writes a socket address as HOST:PORT, IPv6 in brackets. */
void tid_address_show(const struct sockaddr *address, socklen_t address_bytes,
                      char text[TID_ADDRESS_BYTES]);

#endif
