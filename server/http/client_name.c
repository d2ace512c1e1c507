/* SPDX-License-Identifier: MIT */
/* See client_name.h. */
#include "server/http/client_name.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "server/http/address.h"
#include "server/http/forwarded.h"

void tid_client_name_of_address(const struct sockaddr *address,
                                char name[TID_CLIENT_NAME_BYTES]) {
    char text[TID_HOST_BYTES] = "unknown";
    const char *network = "";
    if (address && address->sa_family == AF_INET) {
        tid_address_show_host(address, text);
    } else if (address && address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6 = *(const struct sockaddr_in6 *)(const void *)address;
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
        } else {
            memset(v6.sin6_addr.s6_addr + 8, 0, 8);
            tid_address_show_host((const struct sockaddr *)&v6, text);
            network = "/64";
        }
    }
    snprintf(name, TID_CLIENT_NAME_BYTES, "%s%s", text, network);
}

void tid_client_name_of(const struct tid_request *request,
                        const struct tid_network_list *trusted,
                        char name[TID_CLIENT_NAME_BYTES]) {
    const struct sockaddr *peer = request->peer;
    struct sockaddr_storage forwarded;
    if (request->token[0] != '\0') {
        snprintf(name, TID_CLIENT_NAME_BYTES, "token %s", request->token);
        return;
    }
    if (peer && tid_networks_have(trusted, peer) &&
        tid_forwarded_client(request, trusted, &forwarded))
        peer = (const struct sockaddr *)&forwarded;
    tid_client_name_of_address(peer, name);
}
