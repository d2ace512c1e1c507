/* SPDX-License-Identifier: MIT */
/*
 * TLS by GnuTLS: certificates and what clients must show, which may be read again while
 * connections are open. libmicrohttpd makes the sessions and does the handshakes.
 */
#ifndef TID_TLS_H
#define TID_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;

/* Paths of PEM files. */
struct tid_tls_options {
    const char *certificate; /* the chain, the server's own certificate first */
    const char *key;
    const char *client_ca; /* clients need a certificate that these sign; NULL: none */
    bool only_13;          /* TLS 1.3 and later; else 1.2 as well */
};

struct tid_tls;

/* What the connections that began at one time use. */
struct tid_tls_credentials;

/*
 * Reads the files. NULL on failure; then 'why' is an error that names the file. The paths
 * must outlive it.
 */
struct tid_tls *tid_tls_make(const struct tid_tls_options *options, char *why,
                             size_t why_bytes);

/*
 * Reads the files again, for connections that begin from now on. If that fails, those
 * read before stay. Any thread may call it.
 */
bool tid_tls_reload(struct tid_tls *tls, char *why, size_t why_bytes);

/* When the server's certificate expires, in seconds since 1970; -1 if that is unknown. */
int64_t tid_tls_expiry(struct tid_tls *tls);

/* NULL is allowed. No connection may be open. */
void tid_tls_free(struct tid_tls *tls);

/* For GnuTLS: the versions and ciphers. */
const char *tid_tls_priorities(const struct tid_tls *tls);

/* Of a daemon of libmicrohttpd, which will not start without: certificate and key. */
const char *tid_tls_certificate_text(const struct tid_tls *tls);
const char *tid_tls_key_text(const struct tid_tls *tls);

/*
 * Whether there is memory for a handshake. libtasn1, with which GnuTLS writes signatures,
 * crashes where malloc() fails: no handshake begins where that is likely.
 */
bool tid_tls_has_memory(void);

/*
 * Sets up the session of a new connection. The result lasts until it is released, after
 * the connection's end; NULL is allowed then.
 */
struct tid_tls_credentials *tid_tls_begin(struct tid_tls *tls,
                                          struct MHD_Connection *mhd);
void tid_tls_release(struct tid_tls_credentials *credentials);

#endif
