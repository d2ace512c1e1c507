/* SPDX-License-Identifier: MIT */
/*
 * Networks of addresses, such as 10.0.0.0/8 or fd00::/8, and all unix sockets: whose
 * header fields are trusted.
 */
#ifndef TID_NETWORK_H
#define TID_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define TID_NETWORKS_MAX 32

struct tid_network {
    int family; /* AF_INET or AF_INET6; AF_UNIX: clients of unix sockets */
    unsigned prefix_bits;
    unsigned char address[16]; /* of IPv4 the first four */
};

struct tid_network_list {
    struct tid_network items[TID_NETWORKS_MAX];
    unsigned count;
};

/*
 * Parses ADDRESS/BITS (RFC 4632 section 3.1, RFC 4291 section 2.3), or an address alone,
 * or the word unix.
 * Bits of the address behind the prefix must be 0. Returns NULL, or an error without an
 * initial capital or full stop ('*network' is then undefined).
 */
const char *tid_network_parse(const char *text, size_t bytes,
                              struct tid_network *network);

/* Writes a network as tid_network_parse() reads it. */
#define TID_NETWORK_BYTES 64
void tid_network_show(const struct tid_network *network, char text[TID_NETWORK_BYTES]);

/*
 * Whether one of the networks has the address. That of an IPv4 client on a socket of IPv6
 * (RFC 4291 section 2.5.5.2) counts as IPv4. 'list' may be NULL: no networks.
 */
bool tid_networks_have(const struct tid_network_list *list,
                       const struct sockaddr *address);

#endif
