/* SPDX-License-Identifier: MIT */
/* Parses the URL of a server; transport.c judges those of http and https. */
#include "client/server_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "client/client_error.h"
#include "client/transport.h"

#define UNIX "unix:"
#define HTTP_UNIX "http+unix://"
/* The host that a request to a unix socket names, as curl's example does. */
#define UNIX_BASE "http://localhost"

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes percent-encoding in place; false if it is not valid, or for a NUL. */
static bool decode(char *text) {
    char *out = text;
    for (const char *at = text; *at; at++) {
        char c = *at;
        if (c == '%') {
            const int high = hex_value(at[1]), low = high < 0 ? -1 : hex_value(at[2]);
            if (low < 0 || high + low == 0) return false;
            c = (char)(high * 16 + low);
            at += 2;
        }
        *out++ = c;
    }
    *out = '\0';
    return true;
}

static bool is_socket_path(const char *path) {
    const size_t max_bytes = sizeof((struct sockaddr_un){0}.sun_path) - 1;
    return path[0] == '/' && path[1] != '\0' && strlen(path) <= max_bytes;
}

static enum ti_status parse_socket(struct tic_server_url *server, const char *path,
                                   size_t path_bytes, bool encoded, const char *prefix,
                                   struct ti_error *error) {
    char base[256] = UNIX_BASE;
    server->socket = strndup(path, path_bytes);
    if (!server->socket) return tic_out_of_memory(error);
    if ((encoded && !decode(server->socket)) || !is_socket_path(server->socket) ||
        strlen(prefix) >= sizeof base - sizeof UNIX_BASE) {
        return tic_fail(error, TI_EVALUE, "server",
                        "not the address of a unix socket; expected unix:PATH with an "
                        "absolute path of at most 107 bytes, or "
                        "http+unix://%%2Frun%%2Ftensorinit.sock");
    }
    strcat(base, prefix);
    enum ti_status status = tic_transport_check_url(base, error);
    if (status == TI_OK && !(server->base = strdup(base))) {
        return tic_out_of_memory(error);
    }
    return status;
}

static enum ti_status parse(struct tic_server_url *server, struct ti_error *error) {
    const char *text = server->text;
    if (strncasecmp(text, UNIX, strlen(UNIX)) == 0) {
        const char *path = text + strlen(UNIX);
        return parse_socket(server, path, strlen(path), false, "", error);
    }
    if (strncasecmp(text, HTTP_UNIX, strlen(HTTP_UNIX)) == 0) {
        const char *path = text + strlen(HTTP_UNIX);
        const size_t bytes = strcspn(path, "/?#");
        return parse_socket(server, path, bytes, true, path + bytes, error);
    }
    enum ti_status status = tic_transport_check_url(text, error);
    if (status == TI_OK && !(server->base = strdup(text))) {
        return tic_out_of_memory(error);
    }
    return status;
}

enum ti_status tic_server_url_parse(struct tic_server_url *server, const char *text,
                                    struct ti_error *error) {
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '/') length--;
    struct tic_server_url made = {.text = strndup(text, length)};
    if (!made.text) return tic_out_of_memory(error);
    enum ti_status status = parse(&made, error);
    if (status == TI_OK) {
        *server = made;
    } else {
        tic_server_url_clear(&made);
    }
    return status;
}

void tic_server_url_clear(struct tic_server_url *server) {
    free(server->text);
    free(server->base);
    free(server->socket);
    *server = (struct tic_server_url){.text = NULL};
}
