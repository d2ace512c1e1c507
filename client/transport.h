/* SPDX-License-Identifier: MIT */
/*
 * One HTTP exchange. Knows nothing of tensors; nothing above knows libcurl.
 */
#ifndef CLIENT_TRANSPORT_H
#define CLIENT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/client.h>

/* Opaque; one thread at a time. Keeps connections open between exchanges. */
struct tic_transport;

/* NULL if memory is short. Freeing NULL does nothing. */
struct tic_transport *tic_transport_make(void);
void tic_transport_free(struct tic_transport *transport);

/* Whether this is a server's URL as tic_request_make() wants it. */
enum ti_status tic_transport_check_url(const char *url, struct ti_error *error);

/*
 * What to ask, and who hears the answer.
 *
 *   range     "100-199" or "100-", NULL for the whole
 *   if_range  an entity tag with its quotes, or NULL
 *   accept    media types for Accept
 *   numbers   and 'texts' as of the request
 *   line      each line of each header, with its line end
 *   body      the body's bytes, never 0 of them
 *   idle      about every second
 *
 * A function that returns false ends the exchange.
 */
struct tic_exchange {
    const char *url;
    bool head;
    const char *range, *if_range, *accept;
    const uint64_t *numbers;
    char *const *texts;
    bool (*line)(void *state, const char *line, size_t bytes);
    bool (*body)(void *state, const char *data, size_t bytes);
    bool (*idle)(void *state);
    void *state;
};

enum tic_outcome {
    TIC_OUTCOME_DONE,      /* the whole answer came, whatever its status */
    TIC_OUTCOME_STOPPED,   /* a function said so */
    TIC_OUTCOME_UNREACHED, /* the request was not sent */
    TIC_OUTCOME_BROKEN,    /* the answer stopped before its end, or stalled */
    TIC_OUTCOME_GARBAGE,   /* not HTTP */
    TIC_OUTCOME_REFUSED,   /* it would fail again: certificate, redirects, settings */
    TIC_OUTCOME_MEMORY,
};

#define TIC_REASON_BYTES 256

/*
 *   retry_after_s  what the server asked for by Retry-After, 0 if nothing
 *   reason         in words, if the outcome is a failure; else ""
 */
struct tic_result {
    enum tic_outcome outcome;
    uint64_t retry_after_s;
    char reason[TIC_REASON_BYTES];
};

void tic_transport_run(struct tic_transport *transport,
                       const struct tic_exchange *exchange, struct tic_result *result);

#endif
