/* SPDX-License-Identifier: MIT */
/* See network.h. */
#include "server/http/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Stands for the clients of unix sockets, which have no address. */
static const char unix_word[] = "unix";

/* Whether the first bits are the same. */
static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits) {
    const unsigned bytes = bits / 8, rest = bits % 8;
    if (memcmp(a, b, bytes) != 0) return false;
    return rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

/* Whether all bits behind the prefix are 0. */
static bool is_prefix(const struct tid_network *network, unsigned address_bits) {
    for (unsigned bit = network->prefix_bits; bit < address_bits; bit++) {
        if ((network->address[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
    }
    return true;
}

const char *tid_network_parse(const char *text, size_t bytes,
                              struct tid_network *network) {
    static const char expected[] =
        "expected networks such as 10.0.0.0/8 or fd00::/8, or the word unix";
    char host[INET6_ADDRSTRLEN + 1];
    if (bytes == sizeof unix_word - 1 && memcmp(text, unix_word, bytes) == 0) {
        *network = (struct tid_network){.family = AF_UNIX};
        return NULL;
    }
    const char *slash = memchr(text, '/', bytes);
    const size_t host_bytes = slash ? (size_t)(slash - text) : bytes;
    if (host_bytes >= sizeof host) return expected;
    memcpy(host, text, host_bytes);
    host[host_bytes] = '\0';
    *network = (struct tid_network){.family = strchr(host, ':') ? AF_INET6 : AF_INET};
    if (inet_pton(network->family, host, network->address) != 1) return expected;

    const unsigned address_bits = network->family == AF_INET6 ? 128 : 32;
    network->prefix_bits = address_bits;
    if (slash) {
        const char *end = text + bytes;
        if (slash + 1 == end || end - slash > 4) return expected;
        network->prefix_bits = 0;
        for (const char *c = slash + 1; c < end; c++) {
            if (*c < '0' || *c > '9') return expected;
            network->prefix_bits = network->prefix_bits * 10 + (unsigned)(*c - '0');
        }
        if (network->prefix_bits > address_bits)
            return "a network has at most 32 bits in IPv4, 128 in IPv6";
    }
    return is_prefix(network, address_bits) ? NULL
                                            : "the address has bits behind its prefix";
}

void tid_network_show(const struct tid_network *network, char text[TID_NETWORK_BYTES]) {
    char host[INET6_ADDRSTRLEN] = "?";
    if (network->family == AF_UNIX) {
        memcpy(text, unix_word, sizeof unix_word);
        return;
    }
    inet_ntop(network->family, network->address, host, sizeof host);
    snprintf(text, TID_NETWORK_BYTES, "%s/%u", host, network->prefix_bits);
}

bool tid_networks_have(const struct tid_network_list *list,
                       const struct sockaddr *address) {
    unsigned char bytes[16] = {0};
    int family = address->sa_family;
    if (!list || list->count == 0) return false;
    if (family == AF_INET) {
        memcpy(bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (family == AF_INET6) {
        const struct in6_addr *v6 =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        const bool is_mapped = IN6_IS_ADDR_V4MAPPED(v6);
        memcpy(bytes, v6->s6_addr + (is_mapped ? 12 : 0), is_mapped ? 4 : 16);
        if (is_mapped) family = AF_INET;
    } else if (family != AF_UNIX) {
        return false;
    }
    for (unsigned i = 0; i < list->count; i++) {
        const struct tid_network *network = &list->items[i];
        if (network->family == family &&
            same_bits(network->address, bytes, network->prefix_bits))
            return true;
    }
    return false;
}
