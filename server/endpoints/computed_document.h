/* SPDX-License-Identifier: MIT */
/*
 * A JSON document about the values of a tensor, which takes long to compute.
 *
 * The pool computes a slice at a time, so that other requests have their turns and the
 * work ends when the client leaves. Until the document is complete, a space is sent from
 * time to time, which JSON allows before a document, so that the client and what is
 * between see that the connection lives.
 */
#ifndef TID_COMPUTED_DOCUMENT_H
#define TID_COMPUTED_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "server/http/response.h"

struct tid_lease;

/* Start from zeroes. */
struct tid_computed_document {
    unsigned slices; /* computed */
    char *text;      /* from malloc(), once it is complete; else NULL */
    size_t text_bytes, sent_bytes;
};

/* After a slice that does not complete the document: writes a space, or nothing. */
enum tid_next tid_computed_document_wait(struct tid_computed_document *document,
                                         void *out, size_t *written);

/* Takes the text, from malloc(); false if it is NULL, for want of memory. */
bool tid_computed_document_complete(struct tid_computed_document *document, char *text);

/* Writes the next bytes of the text. */
enum tid_next tid_computed_document_send(struct tid_computed_document *document,
                                         size_t capacity_bytes, void *out,
                                         size_t *written);

void tid_computed_document_clear(struct tid_computed_document *document);

/*
 * Initializes the response, whose body is the stream of 'next', 'free' and 'state' as
 * struct tid_stream has them; 'lease' belongs to 'state' and may be NULL.
 */
void tid_computed_document_respond(struct tid_response *response, struct tid_lease *lease,
                                   enum tid_next (*next)(void *state, double task_ns,
                                                         size_t capacity_bytes, void *out,
                                                         size_t *written),
                                   void (*free)(void *state), void *state);

#endif
