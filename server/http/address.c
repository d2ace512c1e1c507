/* SPDX-License-Identifier: MIT */
/*
 * Parses and formats socket addresses: see address.h.
 */
#define _GNU_SOURCE /* NI_MAXHOST */
#include "server/http/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX_PREFIX "unix:"
#define UNIX_PREFIX_BYTES (sizeof UNIX_PREFIX - 1)

static const char *parse_unix(const char *path, size_t bytes,
                              struct tid_address *address) {
    struct sockaddr_un unused;
    *address = (struct tid_address){.is_unix = true};
    if (bytes > 0 && path[0] == '/' && bytes < sizeof address->host &&
        !memchr(path, '\0', bytes)) {
        memcpy(address->host, path, bytes);
        if (tid_address_unix(address->host, &unused) > 0) return NULL;
    }
    return "expected unix:PATH with an absolute path of at most 107 bytes";
}

static const char *parse_tcp(const char *text, size_t bytes,
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
        if (!colon) return "expected HOST:PORT, as in 127.0.0.1:8080, or unix:PATH";
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
    address->is_unix = false;
    return NULL;
}

const char *tid_address_parse(const char *text, size_t bytes,
                              struct tid_address *address) {
    if (bytes >= UNIX_PREFIX_BYTES && memcmp(text, UNIX_PREFIX, UNIX_PREFIX_BYTES) == 0)
        return parse_unix(text + UNIX_PREFIX_BYTES, bytes - UNIX_PREFIX_BYTES, address);
    return parse_tcp(text, bytes, address);
}

void tid_address_write(const struct tid_address *address, char text[TID_ADDRESS_BYTES]) {
    const bool is_v6 = strchr(address->host, ':') != NULL;
    if (address->is_unix)
        snprintf(text, TID_ADDRESS_BYTES, UNIX_PREFIX "%s", address->host);
    else
        snprintf(text, TID_ADDRESS_BYTES, "%s%s%s:%s", is_v6 ? "[" : "", address->host,
                 is_v6 ? "]" : "", address->port);
}

socklen_t tid_address_unix(const char *path, struct sockaddr_un *address) {
    const size_t bytes = strlen(path);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (bytes < 2 || bytes >= sizeof address->sun_path) return 0;
    memcpy(address->sun_path, path, bytes);
    if (path[0] == '@') address->sun_path[0] = '\0';
    /* The name of an abstract socket has no NUL at its end. */
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes + (path[0] != '@'));
}

void tid_address_show_host(const struct sockaddr *address, char text[TID_HOST_BYTES]) {
    const void *v4 = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    const void *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    inet_ntop(address->sa_family, address->sa_family == AF_INET ? v4 : v6, text,
              TID_HOST_BYTES);
}

static void show_unix(const struct sockaddr *address, socklen_t address_bytes,
                      char text[TID_ADDRESS_BYTES]) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(&name, address, address_bytes < sizeof name ? address_bytes : sizeof name);
    const size_t bytes = address_bytes - offsetof(struct sockaddr_un, sun_path);
    if (address_bytes <= offsetof(struct sockaddr_un, sun_path)) {
        snprintf(text, TID_ADDRESS_BYTES, "unix");
        return;
    }
    const bool is_abstract = name.sun_path[0] == '\0';
    snprintf(text, TID_ADDRESS_BYTES, UNIX_PREFIX "%s%.*s", is_abstract ? "@" : "",
             (int)(bytes - is_abstract), name.sun_path + is_abstract);
}

void tid_address_show(const struct sockaddr *address, socklen_t address_bytes,
                      char text[TID_ADDRESS_BYTES]) {
    char host[256];
    char port[8];
    const bool is_v6 = address->sa_family == AF_INET6;
    if (address->sa_family == AF_UNIX) {
        show_unix(address, address_bytes, text);
        return;
    }
    if (getnameinfo(address, address_bytes, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(text, TID_ADDRESS_BYTES, "?");
        return;
    }
    snprintf(text, TID_ADDRESS_BYTES, "%s%s%s:%s", is_v6 ? "[" : "", host,
             is_v6 ? "]" : "", port);
}
