/* SPDX-License-Identifier: MIT */
/*
 * Who sends a request, as far as limits and fair turns go: the holder of a token, or an
 * address.
 */
#ifndef TID_CLIENT_NAME_H
#define TID_CLIENT_NAME_H

#include "server/http/network.h"
#include "server/http/request.h"
#include "server/work/clients.h"

/*
 * Writes the name of a request's client:
 *
 *   token NAME       if the request has one of --token-file
 *   192.0.2.1        its address: the connection's, or if that is of a trusted proxy, the
 *   2001:db8:0:1::/64  last one of X-Forwarded-For or Forwarded that is not. Of IPv6 the
 *                    network: one client has all addresses of it (RFC 6177)
 *   unknown          the request has no connection
 *
 * 'trusted' may be NULL: no proxies.
 */
void tid_client_name_of(const struct tid_request *request,
                        const struct tid_network_list *trusted,
                        char name[TID_CLIENT_NAME_BYTES]);

/* The same for an address alone, as of a connection. */
void tid_client_name_of_address(const struct sockaddr *address,
                                char name[TID_CLIENT_NAME_BYTES]);

#endif
