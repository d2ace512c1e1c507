/* SPDX-License-Identifier: MIT */
/* The URL of a server: http, https, or a unix socket. */
#ifndef TIC_SERVER_URL_H
#define TIC_SERVER_URL_H

#include <tensorinit/status.h>

struct tic_server_url {
    /* As it was given, without trailing slashes: for messages. */
    char *text;
    /* What stands before "/v1": "http://host:port". */
    char *base;
    /* Path of the unix socket, or NULL. */
    char *socket;
};

/*
 * Parses "http://host:port", "https://host/prefix", "unix:PATH" or
 * "http+unix://ENCODED-PATH/prefix". Returns TI_OK and a server to be cleared;
 * TI_EVALUE with the field "server", and a text that does not quote it; TI_ENOMEM.
 */
enum ti_status tic_server_url_parse(struct tic_server_url *server, const char *text,
                                    struct ti_error *error);
void tic_server_url_clear(struct tic_server_url *server);

#endif
