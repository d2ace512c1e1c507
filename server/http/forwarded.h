/* SPDX-License-Identifier: MIT */
/*
 * Where clients see this server: the base path that is configured, and what a trusted
 * proxy says in Forwarded (RFC 7239) or X-Forwarded-Proto, -Host and -Prefix. URLs in
 * responses are made of it. Called by mhd_request.c for every request.
 */
#ifndef TID_FORWARDED_H
#define TID_FORWARDED_H

#include "server/http/network.h"
#include "server/http/request.h"

/*
 * Checks a base path: "/" and letters, digits, - . _ ~ and /, at most 100 bytes, without a
 * '/' at the end. Returns NULL, or an error without an initial capital or full stop.
 */
#define TID_BASE_PATH_BYTES 101
const char *tid_base_path_flaw(const char *path);

/*
 * Sets 'origin' and 'prefix' of a request whose path is set; 'secure': it came over TLS.
 *
 * If the path begins with 'base_path', "" for none, that is removed from it; a proxy may
 * have done so before. Where 'trusted', fields of the proxy count; of a list the last
 * element, which the nearest proxy has added. The fields of the X-Forwarded family have
 * precedence, and values that are not well formed are ignored.
 */
void tid_forwarded_apply(struct tid_request *request, const char *base_path, bool secure,
                         bool trusted);

/*
 * The client of a request that a trusted proxy has forwarded: of X-Forwarded-For, else of
 * 'for' in Forwarded, the last address that is not a trusted proxy's itself. If something
 * else stands there ("unknown", RFC 7239 section 6), the address behind it; false if there is
 * none.
 */
bool tid_forwarded_client(const struct tid_request *request,
                          const struct tid_network_list *trusted,
                          struct sockaddr_storage *client);

#endif
