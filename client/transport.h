/* SPDX-License-Identifier: MIT */
/*
 * One HTTP exchange. Knows nothing of tensors; nothing above knows libcurl.
 */
#ifndef TIC_TRANSPORT_H
#define TIC_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/client.h>

/* Opaque; one thread at a time. Reuses connections from one exchange to the next. */
struct tic_transport;

/* NULL if out of memory. Freeing NULL does nothing. */
struct tic_transport *tic_transport_make(void);
void tic_transport_free(struct tic_transport *transport);

/* Checks a server's URL for tic_request_make(). Errors do not quote it. */
enum ti_status tic_transport_check_url(const char *url, struct ti_error *error);

/* What to request, and the functions that get the response. */
struct tic_exchange {
    const char *url;
    /* Path of the unix socket to connect to instead of the URL's host; NULL for none. */
    const char *socket;
    /* HEAD instead of GET. */
    bool head;
    /* A JSON document for POST instead; NULL for none. */
    const char *post;
    size_t post_bytes;
    /* "100-199" or "100-"; NULL for the full body. */
    const char *range;
    /* An entity tag with its quotes, or NULL. */
    const char *if_range;
    /* Media types for Accept. */
    const char *accept;
    /* The request's settings. */
    const uint64_t *numbers;
    char *const *texts;
    /* More fields: "Name: value", or "Name;" without a value. */
    char *const *headers;
    size_t header_count;
    /* Each gets 'state'; if one returns false, the exchange ends. 'line' gets each header
     * line with its line end, 'body' at least 1 byte of the body; 'idle' is called about
     * once a second. */
    bool (*line)(void *state, const char *line, size_t bytes);
    bool (*body)(void *state, const char *data, size_t bytes);
    bool (*idle)(void *state);
    void *state;
};

enum tic_outcome {
    TIC_OUTCOME_DONE,      /* the response is complete, whatever its status */
    TIC_OUTCOME_STOPPED,   /* by a function of the exchange */
    TIC_OUTCOME_UNREACHED, /* the request was not sent */
    TIC_OUTCOME_BROKEN,    /* the response is incomplete, or stalled */
    TIC_OUTCOME_GARBAGE,   /* not HTTP */
    TIC_OUTCOME_REFUSED,   /* a retry would fail, too: certificate, redirects, settings */
    TIC_OUTCOME_MEMORY,    /* out of memory */
};

#define TIC_REASON_BYTES 256

struct tic_result {
    enum tic_outcome outcome;
    /* The Retry-After of the response, 0 if there is none. */
    uint64_t retry_after_s;
    /* A description of the failure, "" if there is none. */
    char reason[TIC_REASON_BYTES];
};

/* For an exchange's functions: the server, or the proxy, is on this machine. */
bool tic_transport_is_local(const struct tic_transport *transport);

/* For an exchange's functions: it runs, and its request has been sent, at least in part. */
bool tic_transport_has_sent(const struct tic_transport *transport);

void tic_transport_run(struct tic_transport *transport,
                       const struct tic_exchange *exchange, struct tic_result *result);

#endif
