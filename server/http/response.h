/* SPDX-License-Identifier: MIT */
/*
 * A response as endpoints make it: status, header fields and a source of the body. mhd/
 * sends it, and adds the fields that depend on the connection (Date, Connection,
 * Content-Length, Transfer-Encoding). Nothing here depends on libmicrohttpd.
 */
#ifndef TID_RESPONSE_H
#define TID_RESPONSE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/body.h>

struct tid_deferred;
struct tid_lease;

#define TID_RESPONSE_FIELDS_MAX 40
#define TID_RESPONSE_TEXT_BYTES 8192

enum tid_response_body {
    TID_BODY_EMPTY,
    TID_BODY_STATIC, /* bytes that outlive every response */
    TID_BODY_HEAP,   /* bytes from malloc(), owned by the response */
    TID_BODY_STREAM, /* made while it is sent */
    /* None yet: something has to be done first, in a thread of the pool (deferred.h). */
    TID_BODY_DEFERRED,
    /* A problem document that lacks what the request adds: tid_problem_render(). */
    TID_BODY_PROBLEM,
};

/* Length of a stream whose length is not known before it has been made. */
#define TID_STREAM_UNKNOWN UINT64_MAX

/* 'next' of a stream is called with at least this capacity. */
#define TID_STREAM_CAPACITY_MIN 16384

/* What 'next' of a stream has done. */
enum tid_next {
    TID_NEXT_MORE, /* 'written' bytes, perhaps 0, are the next ones; there may be more */
    TID_NEXT_END,  /* nothing is left */
    TID_NEXT_FAILED,
};

/*
 * A body that is made block by block while it is sent. Functions that return false have
 * failed; the connection is then closed. Calls for one stream do not overlap.
 */
struct tid_stream {
    uint64_t bytes; /* length of the body, or TID_STREAM_UNKNOWN */
    /*
     * Only threads of the pool (work/pool.h) may call 'read' and 'next', not the workers,
     * which poll connections: it is more than generation by kernels. 'free' may be called
     * by either.
     */
    bool computes;
    /* What a byte takes to generate, estimated, in nanoseconds of one core. */
    double ns_per_byte;
    /*
     * The factorization (work/factor_cache.h) that must be complete before 'read' or
     * 'next' is called; NULL if none is needed. Belongs to 'state': 'free' releases it.
     */
    struct tid_lease *lease;
    /*
     * If the length is known, for a body of parts; or NULL. Called by a worker before each
     * 'read': how many bytes from 'offset' on that one may write, 1 to 'max_bytes'; 0 on
     * failure. Sets '*lease' to the one that they need.
     */
    size_t (*enter)(void *state, uint64_t offset, size_t max_bytes,
                    struct tid_lease **lease);
    /* If the length is known: writes bytes [offset, offset + count_bytes). */
    bool (*read)(void *state, uint64_t offset, size_t count_bytes, void *out);
    /*
     * If the length is known, before each 'read' that needs a lease; or NULL: how many of
     * 'count_bytes' from 'offset' on 'read' need only copy by now. Computes for about
     * 'task_ns'; 0 if they are not complete then, so that the next call goes on.
     */
    bool (*prepare)(void *state, uint64_t offset, uint64_t count_bytes, double task_ns,
                    uint64_t *ready_bytes);
    /*
     * If it is unknown: writes the next bytes and their number, computing for about
     * 'task_ns' by the same estimates. Only 'next' that computes may write 0 bytes.
     */
    enum tid_next (*next)(void *state, double task_ns, size_t capacity_bytes, void *out,
                          size_t *written);
    /* Frees 'state'. Called once, whether or not the others have been called. */
    void (*free)(void *state);
    void *state;
};

/* Kinds of responses of /v1/tensor, for response_fields.def: bits of a set. */
enum tid_response_class {
    TID_OF_BODY = 1,      /* 200 and 206 */
    TID_OF_PART = 2,      /* 206 and 416 */
    TID_OF_UNCHANGED = 4, /* 304 */
    TID_OF_FAILED = 8,    /* 412 and 416 */
    TID_OF_REFUSED = 16,  /* 406 */
};

#define TID_RESPONSE_NO_FORMAT ((unsigned)TI_FORMAT_COUNT)
#define TID_RESPONSE_NO_SCHEME UINT_MAX

/* Made and changed by the functions below. */
struct tid_response {
    unsigned status;
    unsigned field_count;
    struct {
        const char *name;  /* static */
        const char *value; /* static, or in 'text' */
    } fields[TID_RESPONSE_FIELDS_MAX];
    size_t text_bytes; /* used */
    bool overflow;     /* a field did not fit: sent as an internal error */
    /* Of a tensor, for metrics and the log; else the two constants. */
    unsigned format; /* an enum ti_format */
    unsigned scheme; /* an index for ti_scheme_get() */
    enum tid_response_body body;
    void *heap;
    const void *bytes; /* static ones or 'heap' */
    size_t byte_count;
    struct tid_stream stream;
    struct tid_deferred *deferred; /* owned by the response */
    struct {
        const char *title;    /* static */
        size_t detail, field; /* where they begin in 'text' */
    } problem;
    char text[TID_RESPONSE_TEXT_BYTES];
};

/* Makes '*response' an empty one of that status. tid_response_clear() ends it. */
void tid_response_init(struct tid_response *response, unsigned status);

/* Moves what 'from' holds to '*to', which is uninitialized; 'from' is empty then. */
void tid_response_move(struct tid_response *to, struct tid_response *from);

/* Frees what the response owns. */
void tid_response_clear(struct tid_response *response);

/*
 * Add a header field; 'name' is a static string. tid_response_static() stores the pointer
 * 'value', also to a static string; tid_response_copy() copies the value into the
 * response. If there is no space left, they set 'overflow'.
 */
void tid_response_static(struct tid_response *response, const char *name,
                         const char *value);
void tid_response_copy(struct tid_response *response, const char *name, const char *value,
                       size_t value_bytes);

/* The same as tid_response_copy() for a field that the response has. */
void tid_response_replace(struct tid_response *response, const char *name,
                          const char *value, size_t value_bytes);

/*
 * Copies a text into the response and returns where it begins in 'text'. If there is no
 * space left, sets 'overflow'.
 */
size_t tid_response_store(struct tid_response *response, const char *value,
                          size_t value_bytes);

/* Give the response a body, at most one. tid_response_body_take() takes ownership. */
void tid_response_body_static(struct tid_response *response, const void *bytes,
                              size_t byte_count);
void tid_response_body_take(struct tid_response *response, void *heap, size_t byte_count);
void tid_response_body_stream(struct tid_response *response, struct tid_stream stream);

/*
 * Makes '*response' one for which 'deferred' has to be done first: it belongs to the response,
 * until tid_response_take_deferred().
 */
void tid_response_defer(struct tid_response *response, struct tid_deferred *deferred);

/* Takes it out of the response, which is then empty; NULL if there is none. */
struct tid_deferred *tid_response_take_deferred(struct tid_response *response);

/* Length of the body, or TID_STREAM_UNKNOWN. */
uint64_t tid_response_bytes(const struct tid_response *response);

/* Value of a header field, by exact name; NULL if the response lacks it. For tests. */
const char *tid_response_field(const struct tid_response *response, const char *name);

#endif
