/* SPDX-License-Identifier: MIT */
/*
 * Parses and formats socket addresses: see address.h.
 */
#define _GNU_SOURCE /* NI_MAXHOST */
#include "server/http/address.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *tid_address_parse(const char *text, size_t bytes,
                              struct tid_address *address) {
    const char *host = text;
    const char *end = text + bytes;
    const char *colon = NULL;
    size_t host_bytes;
    if (bytes > 0 && text[0] == '[') {
        const char *bracket = memchr(text, ']', bytes);
        if (!bracket || bracket + 1 == end || bracket[1] != ':')
            return "expected [IPV6]:PORT";
        host++;
        host_bytes = (size_t)(bracket - host);
        colon = bracket + 1;
    } else {
        for (const char *c = text; c < end; c++) {
            if (*c == ':' && colon)
                return "an IPv6 address must be in brackets, as in [::1]:8080";
            if (*c == ':') colon = c;
        }
        if (!colon) return "expected HOST:PORT, as in 127.0.0.1:8080";
        host_bytes = (size_t)(colon - host);
    }
    if (host_bytes == 0 || host_bytes >= sizeof address->host ||
        memchr(host, '\0', host_bytes) != NULL)
        return "expected HOST:PORT with a host; 0.0.0.0 means every IPv4 address";

    const size_t port_bytes = (size_t)(end - colon) - 1;
    if (port_bytes == 0 || port_bytes >= sizeof address->port)
        return "the port must be a number from 0 to 65535";
    memcpy(address->port, colon + 1, port_bytes);
    address->port[port_bytes] = '\0';
    if (strspn(address->port, "0123456789") != port_bytes || atoi(address->port) > 65535)
        return "the port must be a number from 0 to 65535";
    memcpy(address->host, host, host_bytes);
    address->host[host_bytes] = '\0';
    return NULL;
}

void tid_address_show(const struct sockaddr *address, socklen_t address_bytes,
                      char text[TID_ADDRESS_BYTES]) {
    char host[256];
    char port[8];
    const bool is_v6 = address->sa_family == AF_INET6;
    if (getnameinfo(address, address_bytes, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(text, TID_ADDRESS_BYTES, "?");
        return;
    }
    snprintf(text, TID_ADDRESS_BYTES, "%s%s%s:%s", is_v6 ? "[" : "", host,
             is_v6 ? "]" : "", port);
}
