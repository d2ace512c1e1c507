/* SPDX-License-Identifier: MIT */
/*
 * An answer as endpoints make it: status, header fields and where the body comes from.
 * The adapter of the HTTP library sends it; tests look at it. Fields that depend on the
 * connection (Date, Connection, Content-Length) are the adapter's business.
 */
#ifndef TID_REPLY_H
#define TID_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tid_lease;

#define TID_REPLY_FIELDS 24
#define TID_REPLY_TEXT_BYTES 8192

enum tid_response_body {
    TID_REPLY_EMPTY,
    TID_REPLY_STATIC, /* bytes that outlive every reply */
    TID_REPLY_HEAP,   /* bytes from malloc(), owned by the reply */
    TID_REPLY_STREAM, /* made while it is sent */
};

/* Length of a body whose length is not known before it is made. */
#define TID_STREAM_UNKNOWN UINT64_MAX

/* Least room that 'next' of a stream is called with. */
#define TID_STREAM_ROOM_MIN 65536

/*
 * A body that is made piece by piece.
 *
 *   bytes  length of the whole body, or TID_STREAM_UNKNOWN
 *   read   where the length is known: writes bytes [offset, offset + count_bytes)
 *   next   where it is not: writes what comes next, at most capacity_bytes, and tells how
 *          much; 0 at the end
 *   free   ends 'state'; called once, whether or not the others were
 *
 *   computes  'read' and 'next' take long: a thread that polls connections must not call
 *             them, only one that computes (compute.h)
 *   claim     on a setup (setups.h), which must be complete before they are called; NULL:
 *             none is needed. Part of 'state', whose 'free' releases it
 *
 * 'read' and 'next' return false if they fail, which ends the connection. Calls for one
 * stream do not overlap; where it computes, they and 'free' may come from any thread.
 */
struct tid_stream {
    uint64_t bytes;
    bool computes;
    struct tid_lease *claim;
    bool (*read)(void *state, uint64_t offset, size_t count_bytes, void *out);
    bool (*next)(void *state, size_t capacity_bytes, void *out, size_t *written);
    void (*free)(void *state);
    void *state;
};

/* Values point to static strings or into 'text'. Use the functions below. */
struct tid_response {
    unsigned status;
    unsigned field_count;
    struct {
        const char *name;
        const char *value;
    } fields[TID_REPLY_FIELDS];
    size_t text_bytes;
    bool overflow;
    enum tid_response_body body;
    void *heap;
    const void *bytes;
    size_t byte_count;
    struct tid_stream stream;
    char text[TID_REPLY_TEXT_BYTES];
};

/* Makes '*reply' an empty answer of that status. tid_response_clear() ends it. */
void tid_response_init(struct tid_response *response, unsigned status);

/* Frees what the reply owns. */
void tid_response_clear(struct tid_response *response);

/*
 * Adds a header field. 'name' is a static string. tid_response_static() keeps 'value', a
 * static string as well; tid_response_copy() copies it into the reply. What does not fit
 * marks the reply as 'overflow', which the adapter answers as an internal error.
 */
void tid_response_static(struct tid_response *response, const char *name,
                         const char *value);
void tid_response_copy(struct tid_response *response, const char *name, const char *value,
                       size_t value_bytes);

/* Gives the reply a body; at most one of these. The second takes 'heap' over. */
void tid_response_body_static(struct tid_response *response, const void *bytes,
                              size_t byte_count);
void tid_response_body_take(struct tid_response *response, void *heap, size_t byte_count);
void tid_response_body_stream(struct tid_response *response, struct tid_stream stream);

/* Length of the body, whatever its kind; TID_STREAM_UNKNOWN if nobody knows. */
uint64_t tid_response_bytes(const struct tid_response *response);

/* Value of a field of the reply, by exact name; NULL if it has none. For tests. */
const char *tid_response_field(const struct tid_response *response, const char *name);

#endif
