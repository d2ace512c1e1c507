/* SPDX-License-Identifier: MIT */
/* Certificates and sessions of TLS: see tls.h. */
#include "server/mhd/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/work/gmp_memory.h"

struct tid_tls_credentials {
    gnutls_certificate_credentials_t gnutls;
    gnutls_datum_t certificate, key; /* the files' texts */
    int64_t expiry;                  /* seconds since 1970; -1: unknown */
    bool needs_client;
    atomic_uint users;
};

struct tid_tls {
    struct tid_tls_options options;
    pthread_mutex_t lock; /* of 'current' */
    struct tid_tls_credentials *current;
    struct tid_tls_credentials *first; /* libmicrohttpd may use their texts */
};

void tid_tls_release(struct tid_tls_credentials *credentials) {
    if (!credentials || atomic_fetch_sub(&credentials->users, 1) > 1) return;
    if (credentials->gnutls) gnutls_certificate_free_credentials(credentials->gnutls);
    gnutls_free(credentials->certificate.data);
    if (credentials->key.data)
        gnutls_memset(credentials->key.data, 0, credentials->key.size);
    gnutls_free(credentials->key.data);
    free(credentials);
}

/* Of the first certificate of a chain in PEM. */
static int64_t expiry_of(const gnutls_datum_t *chain) {
    gnutls_x509_crt_t certificate;
    int64_t expiry = -1;
    if (gnutls_x509_crt_init(&certificate) < 0) return -1;
    if (gnutls_x509_crt_import(certificate, chain, GNUTLS_X509_FMT_PEM) >= 0)
        expiry = (int64_t)gnutls_x509_crt_get_expiration_time(certificate);
    gnutls_x509_crt_deinit(certificate);
    return expiry;
}

/* A status of GnuTLS; 'file' is what it is about. */
static int load(struct tid_tls_credentials *credentials,
                const struct tid_tls_options *options, const char **file) {
    int status = gnutls_certificate_allocate_credentials(&credentials->gnutls);
    if (status < 0) return status;
    *file = options->certificate;
    status = gnutls_load_file(*file, &credentials->certificate);
    if (status < 0) return status;
    *file = options->key;
    status = gnutls_load_file(*file, &credentials->key);
    if (status < 0) return status;
    status = gnutls_certificate_set_x509_key_mem2(
        credentials->gnutls, &credentials->certificate, &credentials->key,
        GNUTLS_X509_FMT_PEM, NULL, 0);
    /* It does not say which of the two it could not read. */
    if (status < 0) *file = NULL;
    credentials->expiry = expiry_of(&credentials->certificate);
    if (status < 0 || !options->client_ca) return status;
    *file = options->client_ca;
    credentials->needs_client = true;
    status = gnutls_certificate_set_x509_trust_file(credentials->gnutls, *file,
                                                    GNUTLS_X509_FMT_PEM);
    return status == 0 ? GNUTLS_E_NO_CERTIFICATE_FOUND : status;
}

/* With one user, the caller. NULL on failure. */
static struct tid_tls_credentials *credentials_make(const struct tid_tls_options *options,
                                                    char *why, size_t why_bytes) {
    struct tid_tls_credentials *credentials = calloc(1, sizeof *credentials);
    const char *file = options->certificate;
    const int status =
        credentials ? load(credentials, options, &file) : GNUTLS_E_MEMORY_ERROR;
    if (credentials) atomic_init(&credentials->users, 1);
    if (status >= 0) return credentials;
    if (status == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        snprintf(why, why_bytes, "%s is not the key of the certificate %s", options->key,
                 options->certificate);
    else if (file)
        snprintf(why, why_bytes, "%s: %s", file, gnutls_strerror(status));
    else
        snprintf(why, why_bytes, "%s or %s: %s", options->certificate, options->key,
                 gnutls_strerror(status));
    tid_tls_release(credentials);
    return NULL;
}

struct tid_tls *tid_tls_make(const struct tid_tls_options *options, char *why,
                             size_t why_bytes) {
    tid_gmp_memory_init();
    struct tid_tls *tls = calloc(1, sizeof *tls);
    if (!tls) {
        snprintf(why, why_bytes, "out of memory");
        return NULL;
    }
    tls->options = *options;
    tls->current = credentials_make(options, why, why_bytes);
    if (!tls->current) {
        free(tls);
        return NULL;
    }
    pthread_mutex_init(&tls->lock, NULL);
    tls->first = tls->current;
    atomic_fetch_add(&tls->first->users, 1);
    return tls;
}

bool tid_tls_reload(struct tid_tls *tls, char *why, size_t why_bytes) {
    struct tid_tls_credentials *made = credentials_make(&tls->options, why, why_bytes);
    if (!made) return false;
    pthread_mutex_lock(&tls->lock);
    struct tid_tls_credentials *before = tls->current;
    tls->current = made;
    pthread_mutex_unlock(&tls->lock);
    tid_tls_release(before);
    return true;
}

int64_t tid_tls_expiry(struct tid_tls *tls) {
    pthread_mutex_lock(&tls->lock);
    const int64_t expiry = tls->current->expiry;
    pthread_mutex_unlock(&tls->lock);
    return expiry;
}

void tid_tls_free(struct tid_tls *tls) {
    if (!tls) return;
    tid_tls_release(tls->current);
    tid_tls_release(tls->first);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

const char *tid_tls_priorities(const struct tid_tls *tls) {
    return tls->options.only_13 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3"
                                : "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
}

const char *tid_tls_certificate_text(const struct tid_tls *tls) {
    return (const char *)tls->first->certificate.data;
}

const char *tid_tls_key_text(const struct tid_tls *tls) {
    return (const char *)tls->first->key.data;
}

/* Three times what one takes. */
#define HANDSHAKE_BYTES ((size_t)1 << 17)

bool tid_tls_has_memory(void) {
    void *volatile memory = malloc(HANDSHAKE_BYTES); /* not optimized away */
    free(memory);
    return memory != NULL;
}

struct tid_tls_credentials *tid_tls_begin(struct tid_tls *tls,
                                          struct MHD_Connection *mhd) {
    static const gnutls_datum_t protocol = {(unsigned char *)"http/1.1", 8};
    pthread_mutex_lock(&tls->lock);
    struct tid_tls_credentials *credentials = tls->current;
    atomic_fetch_add(&credentials->users, 1);
    pthread_mutex_unlock(&tls->lock);

    gnutls_session_t session =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    /* In place of those that libmicrohttpd read at its start. */
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->gnutls);
    gnutls_alpn_set_protocols(session, &protocol, 1, 0); /* RFC 7301 */
    if (credentials->needs_client) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_cert(session, NULL, 0);
    }
    return credentials;
}
