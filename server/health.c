/* SPDX-License-Identifier: MIT */
/* See health.h. */
#include "server/health.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 3

#define WHY(...) (snprintf(why, why_bytes, __VA_ARGS__), false)

/* Where to reach a daemon that listens on every address of the machine. */
static const char *host_of(const struct tid_address *address) {
    if (strcmp(address->host, "0.0.0.0") == 0) return "127.0.0.1";
    if (strcmp(address->host, "::") == 0) return "::1";
    return address->host;
}

/* A connected socket whose reads and writes end in time, or -1 with 'errno' set. */
static int connect_to(const struct sockaddr *address, socklen_t bytes) {
    const struct timeval limit = {.tv_sec = TIMEOUT_SECONDS};
    const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    /* The time to send is that to connect as well (socket(7)). */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, address, bytes) == 0) return fd;
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_unix(const char *path, char *why, size_t why_bytes) {
    struct sockaddr_un address;
    const socklen_t bytes = tid_address_unix(path, &address);
    const int fd = connect_to((const struct sockaddr *)&address, bytes);
    if (fd < 0) snprintf(why, why_bytes, "unix:%s: %s", path, strerror(errno));
    return fd;
}

static int open_tcp(const struct tid_address *address, char *why, size_t why_bytes) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const char *host = host_of(address);
    struct addrinfo *found = NULL;
    int fd = -1;
    const int status = getaddrinfo(host, address->port, &hints, &found);
    if (status != 0) {
        snprintf(why, why_bytes, "%s: %s", host, gai_strerror(status));
        return -1;
    }
    for (const struct addrinfo *info = found; info && fd < 0; info = info->ai_next)
        fd = connect_to(info->ai_addr, info->ai_addrlen);
    if (fd < 0)
        snprintf(why, why_bytes, "%s port %s: %s", host, address->port, strerror(errno));
    freeaddrinfo(found);
    return fd;
}

static const char request[] = "GET /healthz HTTP/1.1\r\n"
                              "Host: localhost\r\n"
                              "Connection: close\r\n\r\n";

static bool is_alive(const char *response, ssize_t bytes, char *why, size_t why_bytes) {
    static const char status_line[] = "HTTP/1.1 200 ";
    if (bytes >= (ssize_t)sizeof status_line - 1 &&
        memcmp(response, status_line, sizeof status_line - 1) == 0)
        return true;
    if (bytes <= 0) return WHY("no response within %d seconds", TIMEOUT_SECONDS);
    return WHY("the response is '%.*s'", (int)strcspn(response, "\r\n"), response);
}

static bool ask_plainly(int fd, char *why, size_t why_bytes) {
    char response[64] = "";
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1)
        return WHY("cannot send: %s", strerror(errno));
    return is_alive(response, recv(fd, response, sizeof response - 1, 0), why, why_bytes);
}

/*
 * The certificate is not checked: the request goes to this machine and contains nothing
 * secret. Where clients need a certificate, a complete handshake is enough.
 */
static bool ask_by_session(gnutls_session_t session, bool needs_client, char *why,
                           size_t why_bytes) {
    char response[64] = "";
    int status;
    do {
        status = gnutls_handshake(session);
    } while (status < 0 && status != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(status));
    if (status < 0) return WHY("TLS: %s", gnutls_strerror(status));
    if (needs_client) return true;
    if (gnutls_record_send(session, request, sizeof request - 1) < 0)
        return WHY("TLS: cannot send");
    return is_alive(response, gnutls_record_recv(session, response, sizeof response - 1),
                    why, why_bytes);
}

static bool ask_by_tls(int fd, bool needs_client, char *why, size_t why_bytes) {
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    bool alive = false;
    if (gnutls_certificate_allocate_credentials(&credentials) < 0)
        return WHY("out of memory");
    if (gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) < 0) {
        gnutls_certificate_free_credentials(credentials);
        return WHY("out of memory");
    }
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_int(session, fd);
    alive = ask_by_session(session, needs_client, why, why_bytes);
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    return alive;
}

bool tid_health_check(const struct tid_config *config, char *why, size_t why_bytes) {
    const bool has_admin = config->admin_listen.count > 0;
    const struct tid_address *address =
        has_admin ? &config->admin_listen.items[0] : &config->listen.items[0];
    const int fd = address->is_unix ? open_unix(address->host, why, why_bytes)
                                    : open_tcp(address, why, why_bytes);
    if (fd < 0) return false;
    const bool alive =
        has_admin || config->tls_certificate.text[0] == '\0'
            ? ask_plainly(fd, why, why_bytes)
            : ask_by_tls(fd, config->tls_client_ca.text[0] != '\0', why, why_bytes);
    close(fd);
    return alive;
}
